#include "block_writer.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace ringside::recorder {
namespace {

// At most one write and one sync per file are outstanding, so this never fills.
constexpr unsigned ring_entries = 2 * BlockWriter::file_count_max;

// user_data: the file's slot, and whether it was a sync.
constexpr std::uint64_t slot_mask = 0xFF;
constexpr std::uint64_t sync_tag = 0x100;

}  // namespace

Result<std::unique_ptr<BlockWriter>> BlockWriter::create(const Options& options) {
  RINGSIDE_ASSERT(options.buffer_count >= 2 && options.buffer_count <= buffer_count_max);
  std::unique_ptr<BlockWriter> writer(new BlockWriter(options));
  if (auto status = writer->start(); !status) return status.error();
  return writer;
}

BlockWriter::BlockWriter(const Options& options)
    : options_(options), buffers_(options.buffer_count) {}

BlockWriter::~BlockWriter() {
  if (has_ring_) ::io_uring_queue_exit(&ring_);
  if (memory_ != nullptr) ::munmap(memory_, options_.buffer_count * options_.buffer_bytes);
}

Status BlockWriter::start() {
  const std::size_t bytes = options_.buffer_count * options_.buffer_bytes;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    return sys_error(ErrorCode::memory,
                     "recorder buffers: cannot map " + std::to_string(bytes) + " bytes");
  }
  memory_ = static_cast<std::byte*>(memory);
  if (const int rc = ::io_uring_queue_init(ring_entries, &ring_, 0); rc < 0) {
    return Error{ErrorCode::memory, -rc, "recorder: the kernel gives no io_uring"};
  }
  has_ring_ = true;
  // Registered pages spare the kernel a look-up per write. A small RLIMIT_MEMLOCK refuses them;
  // plain writes then do the same work.
  const iovec all{memory_, bytes};
  is_registered_ = ::io_uring_register_buffers(&ring_, &all, 1) == 0;
  for (std::size_t i = buffers_.size(); i > 0; --i) release(static_cast<std::uint16_t>(i - 1));
  return {};
}

std::byte* BlockWriter::data(std::uint16_t buffer) noexcept {
  return memory_ + std::size_t{buffer} * options_.buffer_bytes;
}

void BlockWriter::release(std::uint16_t buffer) noexcept {
  buffers_[buffer] = Buffer{.next = free_first_};
  free_first_ = buffer;
  ++free_count_;
}

std::optional<std::uint8_t> BlockWriter::begin_file() noexcept {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i].state != State::free) continue;
    files_[i] = File{.state = State::active};
    --files_free_;
    return static_cast<std::uint8_t>(i);
  }
  return std::nullopt;
}

void BlockWriter::open_done(std::uint8_t slot, int fd) noexcept {
  File& file = files_[slot];
  RINGSIDE_ASSERT(file.state != State::free && file.fd < 0 && fd >= 0);
  file.fd = fd;
  start_write(slot);
}

void BlockWriter::open_failed(std::uint8_t slot, int sys_errno) noexcept {
  RINGSIDE_ASSERT(files_[slot].state != State::free && files_[slot].fd < 0);
  fail(files_[slot], sys_errno);
}

/// Buffers that `file` must leave: one for each file that needs one and holds fewer. A burst of
/// quotes must not starve the trades.
std::size_t BlockWriter::kept_back(const File& file) const noexcept {
  std::size_t count = 0;
  for (const File& other : files_) {
    const bool needs_one =
        other.state == State::active && other.sys_errno == 0 && other.current == no_buffer;
    if (needs_one && other.held < file.held) ++count;
  }
  return count;
}

std::byte* BlockWriter::reserve(std::uint8_t slot, std::size_t bytes) noexcept {
  RINGSIDE_DASSERT(bytes <= options_.buffer_bytes);
  File& file = files_[slot];
  if (file.sys_errno != 0) return nullptr;
  if (file.current != no_buffer) {
    if (buffers_[file.current].used + bytes <= options_.buffer_bytes) {
      return data(file.current) + buffers_[file.current].used;
    }
    enqueue_current(file);
    file.wants_flush = false;
    start_write(slot);
  }
  if (free_count_ <= kept_back(file)) return nullptr;
  file.current = free_first_;
  free_first_ = buffers_[file.current].next;
  --free_count_;
  ++file.held;
  buffers_[file.current].next = no_buffer;
  return data(file.current);
}

void BlockWriter::commit(std::uint8_t slot, std::size_t bytes, std::uint32_t records) noexcept {
  File& file = files_[slot];
  RINGSIDE_DASSERT(file.current != no_buffer);
  Buffer& buffer = buffers_[file.current];
  buffer.used += bytes;
  buffer.records += records;
  file.bytes_committed += bytes;
}

void BlockWriter::enqueue_current(File& file) noexcept {
  const std::uint16_t buffer = file.current;
  file.current = no_buffer;
  if (file.queue_first == no_buffer) {
    file.queue_first = buffer;
  } else {
    buffers_[file.queue_last].next = buffer;
  }
  file.queue_last = buffer;
}

void BlockWriter::flush(std::uint8_t slot) noexcept {
  File& file = files_[slot];
  if (file.current == no_buffer || file.sys_errno != 0) return;
  if (buffers_[file.current].used == 0) {
    release(file.current);
    file.current = no_buffer;
    --file.held;
    return;
  }
  file.wants_flush = file.queue_first != no_buffer;
  if (file.wants_flush) return;
  enqueue_current(file);
  start_write(slot);
}

void BlockWriter::sync(std::uint8_t slot) noexcept {
  File& file = files_[slot];
  if (file.fd < 0 || file.is_syncing || !file.is_dirty || file.sys_errno != 0) return;
  io_uring_sqe* const sqe = next_sqe();
  ::io_uring_prep_fsync(sqe, file.fd, IORING_FSYNC_DATASYNC);
  sqe->user_data = sync_tag | slot;
  file.is_syncing = true;
  file.is_dirty = false;
}

void BlockWriter::end_file(std::uint8_t slot) noexcept {
  File& file = files_[slot];
  RINGSIDE_ASSERT(file.state == State::active);
  flush(slot);
  if (file.current != no_buffer) enqueue_current(file);
  start_write(slot);
  file.state = State::ending;
}

bool BlockWriter::has_failed(std::uint8_t slot) const noexcept {
  return files_[slot].sys_errno != 0;
}

bool BlockWriter::is_idle(std::uint8_t slot) const noexcept {
  const File& file = files_[slot];
  return file.current == no_buffer && file.queue_first == no_buffer;
}

std::uint64_t BlockWriter::bytes_committed(std::uint8_t slot) const noexcept {
  return files_[slot].bytes_committed;
}

io_uring_sqe* BlockWriter::next_sqe() noexcept {
  io_uring_sqe* const sqe = ::io_uring_get_sqe(&ring_);
  RINGSIDE_ASSERT(sqe != nullptr);  // ring_entries covers every file's write and sync
  ++to_submit_;
  return sqe;
}

void BlockWriter::start_write(std::uint8_t slot) noexcept {
  File& file = files_[slot];
  if (file.fd < 0 || file.is_writing || file.queue_first == no_buffer) return;
  const Buffer& buffer = buffers_[file.queue_first];
  const std::byte* const from = data(file.queue_first) + buffer.done;
  const auto count = static_cast<unsigned>(buffer.used - buffer.done);
  const std::uint64_t at = file.offset + buffer.done;
  io_uring_sqe* const sqe = next_sqe();
  if (is_registered_) {
    ::io_uring_prep_write_fixed(sqe, file.fd, from, count, at, 0);
  } else {
    ::io_uring_prep_write(sqe, file.fd, from, count, at);
  }
  sqe->user_data = slot;
  file.is_writing = true;
}

void BlockWriter::on_write(std::uint8_t slot, int result) noexcept {
  File& file = files_[slot];
  file.is_writing = false;
  if (file.sys_errno != 0) {
    drop_queue(file);
    return;
  }
  if (result == -EINTR || result == -EAGAIN) {
    start_write(slot);
    return;
  }
  if (result <= 0) {
    ++write_errors_;
    fail(file, result == 0 ? EIO : -result);
    return;
  }
  Buffer& buffer = buffers_[file.queue_first];
  buffer.done += static_cast<std::size_t>(result);
  bytes_written_ += static_cast<std::uint64_t>(result);
  file.is_dirty = true;
  if (buffer.done == buffer.used) {
    const std::uint16_t finished = file.queue_first;
    file.offset += buffer.used;
    file.records_written += buffer.records;
    file.queue_first = buffer.next;
    if (file.queue_first == no_buffer) file.queue_last = no_buffer;
    release(finished);
    --file.held;
    if (file.wants_flush && file.queue_first == no_buffer) {
      file.wants_flush = false;
      if (file.current != no_buffer) enqueue_current(file);
    }
  }
  start_write(slot);
}

/// The file takes no more bytes; what waits for it is lost, and counted by take_done.
void BlockWriter::fail(File& file, int sys_errno) noexcept {
  file.sys_errno = sys_errno;
  if (file.current != no_buffer) enqueue_current(file);
  if (!file.is_writing) drop_queue(file);
}

void BlockWriter::drop_queue(File& file) noexcept {
  while (file.queue_first != no_buffer) {
    const std::uint16_t buffer = file.queue_first;
    file.records_lost += buffers_[buffer].records;
    file.queue_first = buffers_[buffer].next;
    release(buffer);
  }
  file.queue_last = no_buffer;
  file.held = 0;  // fail() has queued the current one
}

void BlockWriter::reap() noexcept {
  std::array<io_uring_cqe*, ring_entries> done{};
  const unsigned count = ::io_uring_peek_batch_cqe(&ring_, done.data(), ring_entries);
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t tag = done[i]->user_data;
    const auto slot = static_cast<std::uint8_t>(tag & slot_mask);
    if ((tag & sync_tag) == 0) {
      on_write(slot, done[i]->res);
    } else {
      files_[slot].is_syncing = false;
      if (done[i]->res < 0) {
        ++write_errors_;
        if (files_[slot].sys_errno == 0) fail(files_[slot], -done[i]->res);
      }
    }
  }
  ::io_uring_cq_advance(&ring_, count);
  in_kernel_ -= count;
}

void BlockWriter::poll() noexcept {
  if (in_kernel_ != 0) reap();
  if (to_submit_ == 0) return;
  const int taken = ::io_uring_submit(&ring_);
  if (taken > 0) {
    to_submit_ -= static_cast<unsigned>(taken);
    in_kernel_ += static_cast<unsigned>(taken);
  }
  // An error here (EAGAIN: no kernel memory just now) leaves the entries queued for the next call.
}

void BlockWriter::poll_wait(std::uint64_t wait_ns) noexcept {
  poll();
  if (in_kernel_ == 0) return;
  __kernel_timespec limit{.tv_sec = static_cast<long long>(wait_ns / 1'000'000'000U),
                          .tv_nsec = static_cast<long long>(wait_ns % 1'000'000'000U)};
  io_uring_cqe* cqe = nullptr;
  // A time-out or signal leaves nothing to take, which poll() finds out by itself.
  static_cast<void>(::io_uring_wait_cqe_timeout(&ring_, &cqe, &limit));
  poll();
}

bool BlockWriter::take_done(FileDone& out) noexcept {
  for (std::size_t i = 0; i < files_.size(); ++i) {
    File& file = files_[i];
    if (file.state != State::ending || file.is_writing || file.is_syncing) continue;
    if (file.queue_first != no_buffer) continue;
    if (file.fd < 0 && file.sys_errno == 0) continue;  // its descriptor is still to come
    out = {.slot = static_cast<std::uint8_t>(i),
           .fd = file.fd,
           .sys_errno = file.sys_errno,
           .bytes = file.offset,
           .records_written = file.records_written,
           .records_lost = file.records_lost};
    file = File{};
    ++files_free_;
    return true;
  }
  return false;
}

bool BlockWriter::invariants() const noexcept {
  std::vector<unsigned> seen(buffers_.size(), 0);
  std::size_t free_seen = 0;
  for (std::uint16_t b = free_first_; b != no_buffer; b = buffers_[b].next, ++free_seen) ++seen[b];
  for (const File& file : files_) {
    if (file.current != no_buffer) ++seen[file.current];
    for (std::uint16_t b = file.queue_first; b != no_buffer; b = buffers_[b].next) ++seen[b];
  }
  for (const unsigned count : seen) {
    if (count != 1) return false;
  }
  return free_seen == free_count_;
}

}  // namespace ringside::recorder
