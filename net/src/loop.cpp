// Implements the handles of loop.hpp: Loop, Timer, Watch.
#include "ringside/net/loop.hpp"

#include <poll.h>

#include <utility>

#include "loop_core.hpp"
#include "ringside/base/assert.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::net {

Result<Loop> Loop::create(const Options& options) {
  auto core = std::make_unique<LoopCore>();
  if (Status status = core->create(options); !status) return status.error();
  return Loop(std::move(core));
}

Loop::Loop(std::unique_ptr<LoopCore> core) noexcept : core_(std::move(core)) {}
Loop::Loop(Loop&& other) noexcept = default;
Loop::~Loop() = default;

std::size_t Loop::poll(std::uint64_t wait_ns) noexcept {
  return core_->poll(wait_ns);
}
void Loop::flush() noexcept {
  core_->flush();
}
void Loop::wake() noexcept {
  core_->wake();
}
void Loop::set_wake_handler(Delegate<void()> on_wake) noexcept {
  core_->set_wake_handler(on_wake);
}
Loop::Counts Loop::counts() const noexcept {
  return core_->counts();
}

void Timer::start(Loop& loop, std::uint64_t delay_ns, Delegate<void()> on_expire) {
  start_on(loop.core(), delay_ns, on_expire);
}

void Timer::start_on(LoopCore& core, std::uint64_t delay_ns, Delegate<void()> on_expire) {
  cancel();
  const std::uint64_t now = monotonic_ns();
  deadline_ns_ = delay_ns > wait_forever_ns - now ? wait_forever_ns : now + delay_ns;
  on_expire_ = on_expire;
  core_ = &core;
  core.timers().add(*this);
}

void Timer::cancel() noexcept {
  if (core_ == nullptr) return;
  core_->timers().remove(*this);
  core_ = nullptr;
}

void Watch::start(Loop& loop, int fd, std::uint32_t events,
                  Delegate<void(std::uint32_t)> on_ready) {
  WatchState::start_on(*this, loop.core(), fd, events, on_ready);
}

void Watch::stop() noexcept {
  if (state_ == nullptr) return;
  WatchState* state = std::exchange(state_, nullptr);
  state->watch = nullptr;
  --state->core->handle_count;
  if (state->poll.in_flight) {
    state->core->cancel(state->poll);  // complete() frees it
  } else if (!state->is_delivering) {
    delete state;
  }
}

void WatchState::start_on(Watch& watch, LoopCore& core, int fd, std::uint32_t events,
                          Delegate<void(std::uint32_t)> on_ready) {
  watch.stop();
  auto* state = new WatchState;
  state->core = &core;
  state->watch = &watch;
  state->poll = {.complete = &WatchState::complete, .owner = state, .in_flight = false};
  state->fd = fd;
  state->events = events;
  state->on_ready = on_ready;
  watch.state_ = state;
  ++core.handle_count;
  state->arm();
}

void WatchState::arm() noexcept {
  io_uring_sqe* sqe = core->start(poll);
  io_uring_prep_poll_add(sqe, fd, events);
  io_uring_sqe_set_data(sqe, &poll);
}

void WatchState::complete(void* owner, Operation&, int result, std::uint32_t) noexcept {
  auto* state = static_cast<WatchState*>(owner);
  if (state->watch != nullptr) {
    // A poll that fails (a descriptor closed under it) is reported as POLLERR: the owner decides.
    state->is_delivering = true;
    const auto ready = result < 0 ? std::uint32_t{POLLERR} : static_cast<std::uint32_t>(result);
    state->on_ready(ready);
    state->is_delivering = false;
  }
  if (state->watch == nullptr) {
    delete state;
  } else {
    state->arm();  // one-shot and re-armed: level-triggered
  }
}

}  // namespace ringside::net
