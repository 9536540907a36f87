// Owns running code instruction by instruction: a child of ours that the kernel stops after each
// one (ptrace), to kill it at any of them or to count them. x86-64 Linux. Call it while the process
// has one thread. Test threads only; forks, and waits for what it forked.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace ringside::test {

/// A child that runs `prepare`, then `work` under our hand; killed when the object goes.
class SteppedChild {
 public:
  /// Forks. The child runs `prepare` and stops in front of `work`.
  explicit SteppedChild(const std::function<void()>& work,
                        const std::function<void()>& prepare = {});
  SteppedChild(const SteppedChild&) = delete;
  SteppedChild& operator=(const SteppedChild&) = delete;
  ~SteppedChild();

  /// Is the child stopped in front of `work`, or inside it?
  [[nodiscard]] bool is_inside() const noexcept { return is_inside_; }

  /// Executes up to `count` instructions; returns how many, fewer if `work` ended.
  std::uint64_t step(std::uint64_t count);

  /// Kills the child where it stands and waits until it is gone.
  void kill();

 private:
  pid_t pid_ = -1;
  bool is_inside_ = false;
};

/// Why this process may not step its children; nothing: it may.
[[nodiscard]] std::optional<std::string> why_not_stepping();

/// Instructions that one call of `work` executes, less what the marks around it cost. `work` runs
/// once before, so that what only a first call does is not counted. Each turn of a repeated string
/// instruction (rep movs) counts, as the processor's single step counts it. 0: not permitted.
[[nodiscard]] std::uint64_t count_instructions(const std::function<void()>& work);

}  // namespace ringside::test
