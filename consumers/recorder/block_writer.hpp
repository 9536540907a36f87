// Owns the bytes between a capture thread and its disk: a fixed pool of buffers, and for each open
// file a queue of buffers on their way through io_uring. Runs on the capture thread; allocates at
// creation only. No call waits for the disk: when every buffer is on its way, `reserve` says so and
// the caller counts what it drops.
//
// Invariant: one write at a time per file, at increasing offsets, of whole records. A file on disk
// is therefore always a prefix of what was committed, whatever instant the process dies at; a
// reader meets at most one cut record, at the end.
#pragma once

#include <liburing.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ringside/base/result.hpp"

namespace ringside::recorder {

/// What became of a file, once its last buffer is written or lost.
struct FileDone {
  std::uint8_t slot = 0;
  int fd = -1;                        // -1: it was never opened
  int sys_errno = 0;                  // 0: everything committed is in the file
  std::uint64_t bytes = 0;            // of the file that are good
  std::uint64_t records_written = 0;  // data records in those bytes
  std::uint64_t records_lost = 0;     // data records committed and not in them
};

class BlockWriter {
 public:
  struct Options {
    std::size_t buffer_count = 64;
    std::size_t buffer_bytes = std::size_t{256} << 10;
  };
  static constexpr std::size_t file_count_max = 16;
  static constexpr std::size_t buffer_count_max = 256;

  /// Errors  memory: no io_uring or no memory for the buffers (says which and how many bytes).
  [[nodiscard]] static Result<std::unique_ptr<BlockWriter>> create(const Options& options);
  ~BlockWriter();
  BlockWriter(const BlockWriter&) = delete;
  BlockWriter& operator=(const BlockWriter&) = delete;

  // --- one file's life: begin, open_done or open_failed, reserve and commit, end, take_done ---

  /// Claims a file slot; bytes may be committed at once, they wait for the descriptor.
  [[nodiscard]] std::optional<std::uint8_t> begin_file() noexcept;
  /// Somebody opened the file; it stays his to close after take_done.
  void open_done(std::uint8_t slot, int fd) noexcept;
  void open_failed(std::uint8_t slot, int sys_errno) noexcept;

  /// Room for `bytes` more in one piece, or nullptr when no buffer is free or the file has failed.
  /// Shapes  bytes: at most buffer_bytes. Good until the next call.
  [[nodiscard]] std::byte* reserve(std::uint8_t slot, std::size_t bytes) noexcept;
  /// Takes what was written at the reserved place: `records` data records in `bytes`.
  void commit(std::uint8_t slot, std::size_t bytes, std::uint32_t records) noexcept;

  /// Sends a buffer on its way although it is not full; at once, or when those before it are
  /// written, so that flushing often never costs buffers.
  void flush(std::uint8_t slot) noexcept;
  /// Asks the kernel to make what is written durable, unless it is still busy with that.
  void sync(std::uint8_t slot) noexcept;
  /// No more bytes for this file; take_done tells when the last one is written.
  void end_file(std::uint8_t slot) noexcept;

  [[nodiscard]] bool has_failed(std::uint8_t slot) const noexcept;
  /// Everything committed so far is written (or lost).
  [[nodiscard]] bool is_idle(std::uint8_t slot) const noexcept;
  [[nodiscard]] std::uint64_t bytes_committed(std::uint8_t slot) const noexcept;

  /// Hands writes to the kernel and takes back what is complete. Never waits.
  /// Cost  one system call when something is to be submitted, none otherwise.
  void poll() noexcept;
  /// The same, and waits up to `wait_ns` for one completion. For closing down only.
  void poll_wait(std::uint64_t wait_ns) noexcept;
  /// A file that is finished; its slot is free again.
  [[nodiscard]] bool take_done(FileDone& out) noexcept;

  [[nodiscard]] bool has_work() const noexcept { return in_kernel_ != 0 || to_submit_ != 0; }
  [[nodiscard]] std::size_t buffers_free() const noexcept { return free_count_; }
  [[nodiscard]] std::size_t files_free() const noexcept { return files_free_; }
  [[nodiscard]] std::uint64_t bytes_written() const noexcept { return bytes_written_; }
  [[nodiscard]] std::uint64_t write_errors() const noexcept { return write_errors_; }
  [[nodiscard]] bool is_registered() const noexcept { return is_registered_; }

  /// Every buffer is free, current or queued exactly once. For tests.
  [[nodiscard]] bool invariants() const noexcept;

 private:
  static constexpr std::uint16_t no_buffer = 0xFFFF;

  struct Buffer {
    std::size_t used = 0;
    std::size_t done = 0;  // bytes of `used` already written
    std::uint32_t records = 0;
    std::uint16_t next = no_buffer;  // in its file's queue or in the free list
  };
  enum class State : std::uint8_t { free, active, ending };
  struct File {
    State state = State::free;
    bool is_writing = false;
    bool is_syncing = false;
    bool is_dirty = false;     // written since the last sync
    bool wants_flush = false;  // of `current`, once the queue is empty
    int fd = -1;
    int sys_errno = 0;
    std::uint16_t current = no_buffer;
    std::uint16_t queue_first = no_buffer;
    std::uint16_t queue_last = no_buffer;
    std::uint16_t held = 0;    // buffers: current and queued
    std::uint64_t offset = 0;  // where the buffer at queue_first goes
    std::uint64_t bytes_committed = 0;
    std::uint64_t records_written = 0;
    std::uint64_t records_lost = 0;
  };

  explicit BlockWriter(const Options& options);
  [[nodiscard]] Status start();
  [[nodiscard]] std::byte* data(std::uint16_t buffer) noexcept;
  [[nodiscard]] std::size_t kept_back(const File& file) const noexcept;
  void release(std::uint16_t buffer) noexcept;
  void enqueue_current(File& file) noexcept;
  void start_write(std::uint8_t slot) noexcept;
  void on_write(std::uint8_t slot, int result) noexcept;
  void fail(File& file, int sys_errno) noexcept;
  void drop_queue(File& file) noexcept;
  [[nodiscard]] io_uring_sqe* next_sqe() noexcept;
  void reap() noexcept;

  Options options_;
  io_uring ring_{};
  bool has_ring_ = false;
  bool is_registered_ = false;
  std::byte* memory_ = nullptr;
  std::vector<Buffer> buffers_;
  std::array<File, file_count_max> files_{};
  std::uint16_t free_first_ = no_buffer;
  std::size_t free_count_ = 0;
  std::size_t files_free_ = file_count_max;
  unsigned to_submit_ = 0;
  unsigned in_kernel_ = 0;
  std::uint64_t bytes_written_ = 0;
  std::uint64_t write_errors_ = 0;
};

}  // namespace ringside::recorder
