// Owns what every benchmark shares: the place it ran on, percentiles, pinning. Benchmarks only.
#pragma once

#include <sched.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::bench {

/// `--small` is what ctest runs: the same code on little input.
[[nodiscard]] inline bool is_small(int argc, char** argv) {
  return argc > 1 && std::string_view(argv[1]) == "--small";
}

/// Pins the calling thread; false when that processor is not ours.
inline bool pin_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  return ::sched_setaffinity(0, sizeof(set), &set) == 0;
}

/// One line that says where a figure was taken.
inline void print_place(std::string_view what) {
  utsname system{};
  ::uname(&system);
  char model[128] = "unknown processor";
  if (std::FILE* file = std::fopen("/proc/cpuinfo", "re"); file != nullptr) {
    char line[256];
    while (std::fgets(line, sizeof(line), file) != nullptr) {
      std::string_view text(line);
      const std::size_t colon = text.find(": ");
      if (text.substr(0, 10) != "model name" || colon == std::string_view::npos) continue;
      text = text.substr(colon + 2, sizeof(model) - 1);
      if (!text.empty() && text.back() == '\n') text.remove_suffix(1);
      model[text.copy(model, text.size())] = '\0';
      break;
    }
    std::fclose(file);
  }
#ifdef NDEBUG
  const char* build = "optimised";
#else
  const char* build = "with checks";
#endif
#ifdef RINGSIDE_BENCH_FLAGS
  const char* flags = ", " RINGSIDE_BENCH_FLAGS;
#else
  const char* flags = "";
#endif
  std::printf("# %.*s | %s | Linux %s | %s, %s%s\n", static_cast<int>(what.size()), what.data(),
              model, system.release, __VERSION__, build, flags);
}

/// The percentiles people ask for, of values in ns.
inline void print_percentiles(std::string_view name, std::vector<std::uint64_t>& values) {
  if (values.empty()) return;
  std::sort(values.begin(), values.end());
  const auto at = [&values](double share) {
    const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    return static_cast<unsigned long long>(values[std::min(index, values.size() - 1)]);
  };
  std::printf("%-34.*s n=%zu p50=%llu p99=%llu p99.9=%llu max=%llu ns\n",
              static_cast<int>(name.size()), name.data(), values.size(), at(0.5), at(0.99),
              at(0.999), static_cast<unsigned long long>(values.back()));
}

}  // namespace ringside::bench
