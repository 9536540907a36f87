// Owns the children of `ringside up`. Main thread; allocates.
#include "supervisor.hpp"

#include <poll.h>

#include <algorithm>

#include "ringside/base/clock.hpp"
#include "ringside/base/log.hpp"
#include "ringside/base/process.hpp"

namespace ringside::cli {

std::uint64_t RestartPolicy::next_delay_ns(std::uint64_t uptime_ns) noexcept {
  const bool begins_anew = delay_ns_ == 0 || uptime_ns >= healthy_ns;
  delay_ns_ = begins_anew ? delay_ns_min : std::min(2 * delay_ns_, delay_ns_max);
  return delay_ns_;
}

bool is_final_exit(int exit_code, bool has_been_up) noexcept {
  if (exit_code < 0 || exit_code > ringside::exit_code(ErrorCode::permission)) return false;
  switch (static_cast<ErrorCode>(exit_code)) {
    case ErrorCode::usage:
    case ErrorCode::config:
    case ErrorCode::auth:
    case ErrorCode::busy:
    case ErrorCode::permission:
      return true;
    case ErrorCode::memory:
    case ErrorCode::not_found:
    case ErrorCode::version:
    case ErrorCode::io:
      return !has_been_up;  // it never worked here; later it may be a passing shortage
    default:
      return false;
  }
}

Status Supervisor::start(ChildSpec spec) {
  Member member{.child = Child(std::move(spec))};
  if (Status started = member.child.start(); !started) return started;
  log::info("{} started, process {}", member.child.spec().role, member.child.pid());
  members_.push_back(std::move(member));
  return {};
}

std::int64_t Supervisor::nap_ms(std::int64_t timeout_ms) const noexcept {
  const std::uint64_t now = monotonic_ns();
  std::int64_t nap = timeout_ms;
  for (const Member& member : members_) {
    if (member.restart_ns == 0) continue;
    const std::uint64_t left_ns = member.restart_ns > now ? member.restart_ns - now : 0;
    nap = std::min(nap, static_cast<std::int64_t>(left_ns / 1'000'000U) + 1);
  }
  return nap;
}

Status Supervisor::step(std::int64_t timeout_ms) {
  std::vector<pollfd> wanted = {{stop_fd(), POLLIN, 0}};
  for (const Member& member : members_) {
    if (member.child.is_running()) wanted.push_back({member.child.pidfd(), POLLIN, 0});
  }
  ::poll(wanted.data(), wanted.size(), static_cast<int>(nap_ms(timeout_ms)));
  if (stop_requested()) return {};
  for (Member& member : members_) {
    if (Status status = look_after(member); !status) return status;
  }
  return {};
}

Status Supervisor::look_after(Member& member) {
  if (const std::optional<ChildEnd> end = member.child.reap(); end) return take_end(member, *end);
  const std::uint64_t now = monotonic_ns();
  if (member.restart_ns == 0) {
    if (now - member.child.started_ns() >= up_ns) member.has_been_up = true;
    return {};
  }
  if (now < member.restart_ns) return {};
  member.restart_ns = 0;
  if (Status started = member.child.start(); !started) return started;
  log::info("{} started again, process {}", member.child.spec().role, member.child.pid());
  return {};
}

Status Supervisor::take_end(Member& member, const ChildEnd& end) {
  const std::string& role = member.child.spec().role;
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t uptime_ns = now - member.child.started_ns();
  if (uptime_ns >= up_ns) member.has_been_up = true;
  if (end.signal == 0 && is_final_exit(end.exit_code, member.has_been_up)) {
    return Error{
        static_cast<ErrorCode>(end.exit_code), 0,
        role + " " + end.text() + ", which a restart does not mend; its own line says why"};
  }
  const std::uint64_t delay_ns = member.policy.next_delay_ns(uptime_ns);
  member.restart_ns = now + delay_ns;
  log::warn("{} (process {}) {}, starting it again in {} s", role, member.child.pid(), end.text(),
            delay_ns / 1'000'000'000U);
  return {};
}

void Supervisor::stop_all() noexcept {
  while (!members_.empty()) {
    Child& child = members_.back().child;
    if (child.is_running()) {
      const ChildEnd end = child.stop(stop_patience_ms);
      const bool is_clean = end.signal == 0 && end.exit_code == 0;
      if (!is_clean) log::warn("{} {} while stopping", child.spec().role, end.text());
    }
    members_.pop_back();
  }
}

const Child* Supervisor::find(std::string_view role) const noexcept {
  for (const Member& member : members_) {
    if (member.child.spec().role == role && member.child.is_running()) return &member.child;
  }
  return nullptr;
}

void Supervisor::append_arguments(std::string_view role,
                                  const std::vector<std::string>& arguments) {
  for (Member& member : members_) {
    if (member.child.spec().role != role) continue;
    std::vector<std::string>& argv = member.child.spec().argv;
    argv.insert(argv.end(), arguments.begin(), arguments.end());
  }
}

}  // namespace ringside::cli
