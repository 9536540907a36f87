// Owns the second process of a benchmark, the memory both share, and that neither outlives or waits
// for the other for ever. Benchmarks only; the parent has one thread when it forks.
#pragma once

#include <immintrin.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#include "../harness.hpp"
#include "ringside/base/assert.hpp"

namespace ringside::bench {

/// Ends the process if what follows takes too long; costs the loops that wait nothing.
/// Not inherited by a fork: each process arms its own.
class Watchdog {
 public:
  explicit Watchdog(unsigned seconds = 100) noexcept {
    ::signal(SIGALRM, [](int) {
      constexpr char text[] = "benchmark: no progress, ended by its watchdog\n";
      (void)!::write(STDERR_FILENO, text, sizeof(text) - 1);
      ::_exit(1);
    });
    ::alarm(seconds);
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() { ::alarm(0); }
};

/// A zeroed T that both processes see. Its destructor does not run: T is plain words.
template <class T>
class Shared {
 public:
  Shared() : Shared(sizeof(T)) {}
  /// More bytes than T has: what lies behind it is the owner's.
  explicit Shared(std::size_t bytes) : bytes_(bytes) {
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    RINGSIDE_ASSERT(memory != MAP_FAILED);
    value_ = new (memory) T;
  }
  Shared(Shared&& other) noexcept
      : value_(std::exchange(other.value_, nullptr)), bytes_(other.bytes_) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() {
    if (value_ != nullptr) ::munmap(static_cast<void*>(value_), bytes_);
  }
  T* operator->() const noexcept { return value_; }
  T& operator*() const noexcept { return *value_; }
  T* get() const noexcept { return value_; }

 private:
  T* value_ = nullptr;
  std::size_t bytes_ = 0;
};

/// One word in a line of its own (and of its neighbour: lines are fetched in pairs).
struct alignas(128) LineWord {
  std::atomic<std::uint64_t> value{0};

  // acquire and release: who sees the value sees what was written before it.
  [[nodiscard]] std::uint64_t get() const noexcept { return value.load(std::memory_order_acquire); }
  void set(std::uint64_t to) noexcept { value.store(to, std::memory_order_release); }
  void wait_for(std::uint64_t least) const noexcept {
    while (get() < least) _mm_pause();
  }
};

/// Lets two processes begin together. Each uses its own side.
class Meeting {
 public:
  void arrive(int side) noexcept {
    const std::uint64_t turn = words_[side].get() + 1;
    words_[side].set(turn);
    words_[1 - side].wait_for(turn);
  }

 private:
  LineWord words_[2];
};

/// A forked process that runs `work` pinned to `cpu`. Dies with its parent; the object's end ends
/// it.
class Peer {
 public:
  template <class Work>
  Peer(int cpu, Work&& work) {
    std::fflush(stdout);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    RINGSIDE_ASSERT(pid_ >= 0);
    if (pid_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    (void)pin_to(cpu);
    work();
    std::fflush(stdout);
    ::_exit(0);
  }
  Peer(Peer&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;
  ~Peer() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
  }

  /// Waits for its end, which must be a good one. The caller's watchdog bounds it.
  void join() {
    int status = 0;
    RINGSIDE_ASSERT(::waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    RINGSIDE_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }

 private:
  pid_t pid_ = -1;
};

}  // namespace ringside::bench
