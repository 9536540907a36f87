// Owns finding and attaching to the feeds of a run-time folder. One thread; allocates.
#include "feeds.hpp"

#include <algorithm>
#include <filesystem>

namespace ringside::cli {

std::string socket_path(const std::string& run_dir, std::string_view feed) {
  return run_dir + "/" + std::string(feed) + ".sock";
}

std::vector<std::string> find_feeds(const std::string& run_dir) {
  std::vector<std::string> out;
  std::error_code fault;  // a folder that is not there holds no feeds
  for (std::filesystem::directory_iterator at(run_dir, fault), end; !fault && at != end;
       at.increment(fault)) {
    std::error_code ignored;  // gone meanwhile: not a socket
    if (at->path().extension() == ".sock" && at->is_socket(ignored)) {
      out.push_back(at->path().stem().string());
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<AttachedFeed>> attach_feeds(const std::string& run_dir, const std::string& feed,
                                               const std::string& reader_name) {
  const std::vector<std::string> names =
      feed.empty() ? find_feeds(run_dir) : std::vector<std::string>{feed};
  std::vector<AttachedFeed> out;
  Error first{ErrorCode::ok, 0, {}};
  for (const std::string& name : names) {
    auto client = std::make_unique<shm::FeedClient>(
        shm::FeedClient::Options{.path = socket_path(run_dir, name), .name = reader_name});
    const Status attached = client->attach();
    if (attached) {
      out.push_back({name, std::move(client)});
    } else if (first.code == ErrorCode::ok) {
      first = attached.error();
    }
  }
  if (!out.empty()) return out;
  if (!names.empty() && (names.size() == 1 || first.code == ErrorCode::version)) return first;
  return Error{ErrorCode::not_found, 0,
               "no feed runs in " + run_dir + " (ringside up starts them)"};
}

}  // namespace ringside::cli
