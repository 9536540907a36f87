// Owns how the configuration becomes the options of one feed. Off the path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "loop.hpp"
#include "ringside/base/config.hpp"
#include "ringside/base/result.hpp"
#include "ringside/shm/layout.hpp"

namespace ringside::feed {

/// Everything one feed is built from, the key included.
struct FeedConfig {
  std::string name;
  std::string socket_path;
  std::string lock_path;
  std::string ca_file;
  std::uint32_t linger_ms = 5000;
  shm::SegmentShape shape;  // shape.feed refers to `name`: set by Feed::start
  FeedLoop::Options loop;
};

/// Reads the feed's knobs and its key.
/// Errors  config: values that do not fit together; not_found, permission: the key.
[[nodiscard]] Result<FeedConfig> read_feed_config(const Config& config, std::string_view name);

}  // namespace ringside::feed
