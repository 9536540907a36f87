// Owns finding and attaching to the feeds of a run-time folder, for the verbs that look at them.
// One thread; allocates.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ringside/base/result.hpp"
#include "ringside/shm/feed_client.hpp"

namespace ringside::cli {

/// Names of the control sockets in `run_dir`, sorted ("options", "stats", "stocks"). A socket may
/// be a dead feed's; attaching tells.
[[nodiscard]] std::vector<std::string> find_feeds(const std::string& run_dir);

[[nodiscard]] std::string socket_path(const std::string& run_dir, std::string_view feed);

/// One attached feed.
struct AttachedFeed {
  std::string name;
  std::unique_ptr<shm::FeedClient> client;
};

/// Attaches to `feed`, or to every feed there is when it is empty; those that do not answer are
/// left out as long as one does. Errors  not_found: no feed runs (names the folder); else why the
/// only one asked for refused.
[[nodiscard]] Result<std::vector<AttachedFeed>> attach_feeds(const std::string& run_dir,
                                                             const std::string& feed,
                                                             const std::string& reader_name);

/// Records published to a ring so far; 0 for one that does not exist.
template <class View>
[[nodiscard]] std::uint64_t ring_head(const View& view) noexcept {
  return view.is_open() ? view.published() : 0;
}

}  // namespace ringside::cli
