// Implements the turn of the loop: flush, enter, reap, timers.
#include "loop_core.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::net {
namespace {

Error setup_error(int code) {
  const std::string where = "net: io_uring cannot be set up: ";
  switch (code) {
    case EPERM:
    case EACCES:
      return {ErrorCode::permission, code,
              where +
                  "the kernel forbids it (sysctl kernel.io_uring_disabled must be 0, and the "
                  "seccomp filter must allow io_uring_setup)"};
    case ENOSYS:
    case EINVAL:
      return {ErrorCode::version, code, where + "it needs Linux 6.1 or newer"};
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return {ErrorCode::memory, code, where + "descriptors or locked memory are used up"};
    default:
      return {ErrorCode::internal, code, where + "unexpected error"};
  }
}

}  // namespace

Status LoopCore::create(const Loop::Options& options) {
  io_uring_params params{};
  // DEFER_TASKRUN: completions are only made when we enter, so that the receive stamp is taken
  // right after the bytes left the socket, and no interrupt falls into decoding. TASKRUN_FLAG tells
  // a spinning caller, in shared memory, that entering is worth it. R_DISABLED lets the thread that
  // first polls become the single issuer, not the one that creates.
  params.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN |
                 IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_R_DISABLED | IORING_SETUP_SUBMIT_ALL |
                 IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
  params.cq_entries = options.entries * 8;
  const int rc = io_uring_queue_init_params(options.entries, &ring_, &params);
  if (rc < 0) return setup_error(-rc);
  has_ring_ = true;
  if (Status status =
          buffers_.create(ring_, options.receive_buffer_count, options.receive_buffer_bytes);
      !status) {
    return status;
  }
  plain_ = std::make_unique<std::byte[]>(padding_front_bytes + plain_bytes + padding_back_bytes);
  wake_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) return sys_error(ErrorCode::memory, "net: eventfd");
  wake_watch_ = std::make_unique<Watch>();
  WatchState::start_on(*wake_watch_, *this, wake_fd_, POLLIN,
                       Delegate<void(std::uint32_t)>::to<&LoopCore::on_wake_event>(this));
  return {};
}

LoopCore::~LoopCore() {
  if (wake_watch_ != nullptr) wake_watch_->stop();
  // Streams, listeners and watches hold our address: our owner must end them first.
  RINGSIDE_ASSERT(handle_count == 0);
  drain();
  is_ending_ = true;
  while (Timer* timer = timers_.pop_due(wait_forever_ns)) timer->core_ = nullptr;
  if (has_ring_) io_uring_queue_exit(&ring_);
  has_ring_ = false;
  release_rest();
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

// Lets what was cancelled complete, so that nobody's memory is freed under the kernel, and streams
// that were closed and let go finish. Bounded. A ring of another thread cannot be entered, and the
// kernel has ended its operations with that thread.
void LoopCore::drain() noexcept {
  if (!has_ring_ || is_owner_elsewhere()) return;
  const std::uint64_t deadline = monotonic_ns() + drain_ns_max;
  while (in_flight_ != nullptr && monotonic_ns() < deadline) poll(1'000'000);
}

// Operations that ended with their thread have nobody else to tell their owners, who free
// themselves. What drain() gave up on is left alone: the kernel may still use its memory.
void LoopCore::release_rest() noexcept {
  if (!is_owner_elsewhere()) return;
  flush_all();
  while (Operation* operation = in_flight_) {
    forget(*operation);
    operation->complete(operation->owner, *operation, -ECANCELED, 0);
  }
}

void LoopCore::forget(Operation& operation) noexcept {
  operation.in_flight = false;
  (operation.previous != nullptr ? operation.previous->next : in_flight_) = operation.next;
  if (operation.next != nullptr) operation.next->previous = operation.previous;
  operation.previous = operation.next = nullptr;
}

std::size_t LoopCore::poll(std::uint64_t wait_ns) noexcept {
  if (!is_enabled_) enable();
  flush_all();
  if (wait_ns != 0) {
    if (io_uring_cq_ready(&ring_) != 0) {
      wait_ns = 0;
    } else if (!timers_.empty()) {
      const std::uint64_t now = monotonic_ns();
      const std::uint64_t deadline = timers_.next_deadline_ns();
      wait_ns = deadline <= now ? 0 : std::min(wait_ns, deadline - now);
    }
  }
  enter(wait_ns);
  return reap() + run_timers();
}

void LoopCore::flush() noexcept {
  if (!is_enabled_) enable();
  flush_all();
  submit();
}

void LoopCore::enable() noexcept {
  is_enabled_ = true;
  owner_ = std::this_thread::get_id();
  // liburing 2.3 declares io_uring_enable_rings() but does not export it.
  RINGSIDE_ASSERT(io_uring_register(ring_.ring_fd, IORING_REGISTER_ENABLE_RINGS, nullptr, 0) == 0);
  io_uring_register_ring_fd(&ring_);  // saves a descriptor look-up per enter; works without
}

std::uint32_t LoopCore::kernel_flags() const noexcept {
  // relaxed: a hint; the completions behind it are read after the enter that it causes.
  return std::atomic_ref<unsigned>(*ring_.sq.kflags).load(std::memory_order_relaxed);
}

void LoopCore::enter(std::uint64_t wait_ns) noexcept {
  if (wait_ns == 0) {
    if (io_uring_sq_ready(&ring_) == 0 &&
        (kernel_flags() & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW)) == 0) {
      return;
    }
    ++counts_.enters;
    note(io_uring_submit_and_get_events(&ring_));
    return;
  }
  ++counts_.enters;
  io_uring_cqe* first = nullptr;
  __kernel_timespec timeout{};
  timeout.tv_sec = static_cast<std::int64_t>(wait_ns / 1'000'000'000U);
  timeout.tv_nsec = static_cast<long long>(wait_ns % 1'000'000'000U);
  note(io_uring_submit_and_wait_timeout(&ring_, &first, 1,
                                        wait_ns == wait_forever_ns ? nullptr : &timeout, nullptr));
}

// Failures are EINTR, ETIME, EAGAIN or EBUSY: what was not submitted stays queued for the next
// turn. EEXIST is a ring that another thread owns: our bug.
void LoopCore::note(int result) noexcept {
  RINGSIDE_ASSERT(result != -EEXIST);
}

void LoopCore::submit() noexcept {
  if (io_uring_sq_ready(&ring_) == 0) return;
  ++counts_.enters;
  note(io_uring_submit(&ring_));
}

std::size_t LoopCore::reap() noexcept {
  // Only what is there now: callbacks that cause more completions must not keep us here.
  const unsigned ready = io_uring_cq_ready(&ring_);
  if (ready == 0) return 0;
  ts_recv_ns_ = wall_ns();
  for (unsigned i = 0; i < ready; ++i) {
    const io_uring_cqe cqe = ring_.cq.cqes[*ring_.cq.khead & *ring_.cq.kring_mask];
    io_uring_cq_advance(&ring_, 1);
    if (cqe.user_data == 0) continue;  // the answer to a cancel
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel carries our pointer as a number.
    auto* operation = reinterpret_cast<Operation*>(static_cast<std::uintptr_t>(cqe.user_data));
    if ((cqe.flags & IORING_CQE_F_MORE) == 0) {
      forget(*operation);
    }
    operation->complete(operation->owner, *operation, cqe.res, cqe.flags);
  }
  counts_.completions += ready;
  return ready;
}

std::size_t LoopCore::run_timers() noexcept {
  if (timers_.empty()) return 0;
  const std::uint64_t now = monotonic_ns();
  std::size_t expired = 0;
  // At most those armed now: a timer that restarts itself with no delay waits for the next turn.
  for (std::size_t left = timers_.size(); left != 0; --left) {
    Timer* timer = timers_.pop_due(now);
    if (timer == nullptr) break;
    timer->core_ = nullptr;
    ++expired;
    const Delegate<void()> on_expire = timer->on_expire_;  // the callback may destroy the timer
    on_expire();
  }
  return expired;
}

io_uring_sqe* LoopCore::free_sqe() noexcept {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  for (int attempt = 0; sqe == nullptr && attempt < 1000; ++attempt) {
    if (!is_enabled_) enable();
    submit();
    sqe = io_uring_get_sqe(&ring_);
  }
  RINGSIDE_ASSERT(sqe != nullptr);
  return sqe;
}

io_uring_sqe* LoopCore::start(Operation& operation) noexcept {
  RINGSIDE_ASSERT(!operation.in_flight && operation.complete != nullptr);
  if (!has_ring_ || is_owner_elsewhere()) return &unused_sqe_;
  operation.in_flight = true;
  operation.next = in_flight_;
  if (in_flight_ != nullptr) in_flight_->previous = &operation;
  in_flight_ = &operation;
  io_uring_sqe* sqe = free_sqe();
  sqe->flags = 0;
  return sqe;
}

void LoopCore::cancel(const Operation& operation) noexcept {
  // The kernel has ended the operations of a thread that is gone; release_rest() tells their
  // owners.
  if (!operation.in_flight || !has_ring_ || is_owner_elsewhere()) return;
  io_uring_sqe* sqe = free_sqe();
  io_uring_prep_cancel64(sqe, reinterpret_cast<std::uintptr_t>(&operation), 0);
  io_uring_sqe_set_data64(sqe, 0);
  io_uring_sqe_set_flags(sqe, IOSQE_CQE_SKIP_SUCCESS);
}

void LoopCore::queue_flush(Flushable& flushable) noexcept {
  if (flushable.is_queued) return;
  flushable.is_queued = true;
  flushable.next = nullptr;
  (flush_last_ != nullptr ? flush_last_->next : flush_first_) = &flushable;
  flush_last_ = &flushable;
}

void LoopCore::flush_all() noexcept {
  Flushable* flushable = flush_first_;
  flush_first_ = flush_last_ = nullptr;
  while (flushable != nullptr) {
    Flushable* next = flushable->next;
    flushable->is_queued = false;
    flushable->flush(flushable->owner);  // may free it
    flushable = next;
  }
}

std::span<std::byte> LoopCore::plain_buffer() noexcept {
  return {plain_.get() + padding_front_bytes, plain_bytes};
}

void LoopCore::wake() noexcept {
  // [wake] acq_rel: what the waker wrote before is seen by the handler, which takes the flag down.
  if (is_wake_pending_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  // A full counter cannot happen (one write per flag), and EINTR cannot on an eventfd.
  [[maybe_unused]] const ssize_t written = ::write(wake_fd_, &one, sizeof(one));
}

void LoopCore::on_wake_event(std::uint32_t) noexcept {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_fd_, &count, sizeof(count));
  is_wake_pending_.exchange(false, std::memory_order_acq_rel);  // pairs with [wake]
  on_wake_();
}

}  // namespace ringside::net
