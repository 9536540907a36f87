// Owns what capture threads and the keeper tell one another: plain values through fixed queues, so
// that a capture thread never waits for a folder, a lock or the catalog.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "dbn.hpp"
#include "spsc.hpp"

namespace ringside::recorder {

inline constexpr std::uint64_t count_unknown = ~std::uint64_t{0};

/// Why a stretch of a feed is not in its files.
enum class GapKind : std::uint8_t {
  lapped,         // the tape overtook us
  dropped,        // every buffer was on its way to the disk
  disk,           // the disk refused what was handed to it
  vendor,         // the feed handler says so: disconnected, sequence jump
  restart,        // the feed handler was down: a new epoch
  recorder_down,  // we were down for longer than the tape remembers
};

[[nodiscard]] constexpr const char* to_string(GapKind kind) noexcept {
  switch (kind) {
    case GapKind::lapped:
      return "lapped";
    case GapKind::dropped:
      return "dropped";
    case GapKind::disk:
      return "disk";
    case GapKind::vendor:
      return "vendor";
    case GapKind::restart:
      return "restart";
    case GapKind::recorder_down:
      return "recorder_down";
  }
  return "unknown";
}

/// Open a new file for a slot of the block writer.
struct OpenOrder {
  std::uint8_t slot = 0;
  dbn::Schema schema = dbn::Schema::mixed;
  std::uint64_t epoch = 0;
  std::uint64_t ts_span = 0;   // ns UTC: where the file's time span begins
  std::uint64_t ts_first = 0;  // of its first record
  std::uint64_t sequence_first = 0;
};

/// The answer: a descriptor, or why there is none.
struct OpenReply {
  std::uint8_t slot = 0;
  int fd = -1;
  int sys_errno = 0;
};

/// The last byte is written: patch the head, make it durable, close, put it in the catalog.
struct CloseOrder {
  int fd = -1;
  int sys_errno = 0;        // why the file ended early, 0: it did not
  std::uint64_t bytes = 0;  // of the file that are good
  std::uint64_t records = 0;
  std::uint64_t records_lost = 0;
  std::uint64_t ts_first = 0;
  std::uint64_t ts_last = 0;
  std::uint64_t sequence_last = 0;  // on the tape
};

struct GapOrder {
  GapKind kind = GapKind::vendor;
  std::uint64_t epoch = 0;
  std::uint64_t ts_begin = 0;
  std::uint64_t ts_end = 0;
  std::uint64_t count = count_unknown;
};

/// What became of one tape's records: received == written + dropped + disk + ignored + marks +
/// already_recorded, and start + received + lost + unread == published.
struct TapeReceipt {
  std::uint64_t start = 0;
  std::uint64_t published = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;              // lapped
  std::uint64_t unread = 0;            // published while we were ending
  std::uint64_t written = 0;           // in files
  std::uint64_t dropped = 0;           // no free buffer
  std::uint64_t disk = 0;              // committed, and refused by the disk
  std::uint64_t ignored = 0;           // kinds that are not recorded
  std::uint64_t marks = 0;             // gaps and states: in files as marks, not as data
  std::uint64_t already_recorded = 0;  // in files of an earlier run
};

enum class EndReason : std::uint8_t { stopped, feed_lost, feed_restarted };

[[nodiscard]] constexpr const char* to_string(EndReason reason) noexcept {
  switch (reason) {
    case EndReason::stopped:
      return "stopped";
    case EndReason::feed_lost:
      return "feed_lost";
    case EndReason::feed_restarted:
      return "feed_restarted";
  }
  return "unknown";
}

/// One epoch of one feed is finished; every CloseOrder of it came before.
struct ReceiptOrder {
  std::uint64_t epoch = 0;
  EndReason reason = EndReason::stopped;
  std::uint64_t ts_begin = 0;
  std::uint64_t ts_end = 0;
  TapeReceipt ticks;
  TapeReceipt bars;
  std::uint64_t bytes_written = 0;
  std::uint64_t size_cut = 0;
  std::uint64_t size_clipped = 0;
  std::uint64_t publisher_unknown = 0;
  std::uint64_t delta_clipped = 0;
  std::uint64_t ts_clamped = 0;
  std::uint64_t bars_out_of_order = 0;
  std::uint64_t unmapped = 0;
  std::uint64_t catalog_dropped = 0;
};

using Order = std::variant<OpenOrder, CloseOrder, GapOrder, ReceiptOrder>;

/// One capture thread's way to the keeper and back.
struct FeedLink {
  FeedLink(std::string feed_name, std::string dataset_name, int wake)
      : feed(std::move(feed_name)), dataset(std::move(dataset_name)), wake_fd(wake) {}

  /// False: the keeper is behind; ask again later. Capture thread.
  [[nodiscard]] bool send(const Order& order) noexcept;

  const std::string feed;
  const std::string dataset;
  const int wake_fd;  // the keeper's eventfd
  SpscQueue<Order, 256> orders;
  SpscQueue<OpenReply, 64> replies;
};

}  // namespace ringside::recorder
