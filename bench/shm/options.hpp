// Owns the flags that the benchmarks of shared memory have in common. Benchmarks only.
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace ringside::bench {

struct Options {
  bool is_small = false;
  int rounds = 5;    // 1 when small
  std::string only;  // part of a name
  int writer_cpu = 0;
  int reader_cpu = 1;

  [[nodiscard]] bool wants(std::string_view name) const {
    return only.empty() || name.find(only) != std::string_view::npos;
  }
};

[[noreturn]] inline void print_help_and_exit(const char* program, std::string_view about,
                                             int code) {
  std::fprintf(code == 0 ? stdout : stderr,
               "%s [--small] [--rounds N] [--only NAME] [--cpus WRITER,READER]\n\n%.*s\n\n"
               "  --small      little input, one round: to see that it runs\n"
               "  --rounds N   medians over N rounds        [5]\n"
               "  --only NAME  only what has NAME in its name\n"
               "  --cpus W,R   where the two processes run  [0,1]\n",
               program, static_cast<int>(about.size()), about.data());
  std::exit(code);
}

/// Reads the flags; `about` is what --help says. Ends the program on a flag that is not known.
[[nodiscard]] inline Options parse_options(int argc, char** argv, std::string_view about) {
  Options options;
  int rounds = 0;
  const auto number = [&](std::string_view text, int& out) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    const bool is_number = read.ec == std::errc{} && read.ptr == text.data() + text.size();
    if (!is_number || out < 0) print_help_and_exit(argv[0], about, 2);
  };
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    const auto value = [&]() -> std::string_view {
      if (i + 1 >= argc) print_help_and_exit(argv[0], about, 2);
      return argv[++i];
    };
    if (flag == "--help" || flag == "-h") {
      print_help_and_exit(argv[0], about, 0);
    } else if (flag == "--small") {
      options.is_small = true;
    } else if (flag == "--rounds") {
      number(value(), rounds);
    } else if (flag == "--only") {
      options.only = value();
    } else if (flag == "--cpus") {
      const std::string_view pair = value();
      const std::size_t comma = pair.find(',');
      if (comma == pair.npos) print_help_and_exit(argv[0], about, 2);
      number(pair.substr(0, comma), options.writer_cpu);
      number(pair.substr(comma + 1), options.reader_cpu);
    } else {
      print_help_and_exit(argv[0], about, 2);
    }
  }
  options.rounds = rounds > 0 ? rounds : options.is_small ? 1 : 5;
  return options;
}

}  // namespace ringside::bench
