// Owns the rules a single configuration value must pass, and the words that say which one it broke.
// Shared by config.cpp and config_text.cpp only. Any thread; allocates.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/config.hpp"

namespace ringside::config_detail {

/// Does the dotted `key` match `pattern`, whose `*` segments stand for any one name?
[[nodiscard]] bool key_matches(std::string_view pattern, std::string_view key) noexcept;

/// The name that stands for the `*` of `pattern` in `key`; empty: no `*`.
[[nodiscard]] std::string_view instance_of(std::string_view pattern, std::string_view key) noexcept;

/// May a feed be called this? It becomes a socket's and a lock's file name.
[[nodiscard]] bool is_instance_name(std::string_view name) noexcept;

/// `text` in its canonical form.
/// Errors  config: `what` is the rule it broke, without key and place ("out of range, allowed
/// ...").
[[nodiscard]] Result<std::string> check_value(const Knob& knob, std::string_view text);

/// What the knob accepts, in words: "an integer 1..65535", "one of T|Q|A|AM".
[[nodiscard]] std::string allowed_text(const Knob& knob);

/// The known key nearest to an unknown one; empty: none is near.
[[nodiscard]] std::string nearest_key(std::string_view key);

/// Comma separated text -> trimmed elements; empty text -> none.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

/// Text for a message: quoted, control characters replaced, at most 80 characters.
[[nodiscard]] std::string quoted_text(std::string_view text);

}  // namespace ringside::config_detail
