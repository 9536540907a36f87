// Owns how results are summed up and printed: percentiles of one run, median and spread over
// rounds, tables in Markdown that line up. Benchmarks only; allocates.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "tsc.hpp"

namespace ringside::bench {

/// "%.1f" and the like.
[[nodiscard]] inline std::string number(double value, int decimals = 1) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "%.*f", decimals, value);
  return {text, static_cast<std::size_t>(size)};
}

/// A figure over several rounds.
class Rounds {
 public:
  void add(double value) { values_.push_back(value); }
  [[nodiscard]] bool empty() const { return values_.empty(); }
  [[nodiscard]] double median() const {
    if (values_.empty()) return 0;
    std::vector<double> sorted = values_;
    std::sort(sorted.begin(), sorted.end());
    const std::size_t middle = sorted.size() / 2;
    return sorted.size() % 2 != 0 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
  /// "55.3 (52.0..61.2)"; "-" if nothing was measured.
  [[nodiscard]] std::string text(int decimals = 1) const {
    if (values_.empty()) return "-";
    const auto [least, most] = std::minmax_element(values_.begin(), values_.end());
    return number(median(), decimals) + " (" + number(*least, decimals) + ".." +
           number(*most, decimals) + ")";
  }
  /// The median alone.
  [[nodiscard]] std::string short_text(int decimals = 1) const {
    return values_.empty() ? "-" : number(median(), decimals);
  }

 private:
  std::vector<double> values_;
};

/// What one run of many samples came to, in ns.
struct Percentiles {
  double p50 = 0;
  double p99 = 0;
  double p999 = 0;
  double max = 0;
};

/// Sorts `ticks`. Where many samples are equal because the counter goes in steps, a percentile lies
/// between two steps by how many of the equal ones are below it, as in grouped data.
[[nodiscard]] inline Percentiles percentiles_of(std::vector<std::uint64_t>& ticks, const Tsc& tsc) {
  if (ticks.empty()) return {};
  std::sort(ticks.begin(), ticks.end());
  const double step = tsc.ns(tsc.step_ticks());
  const auto at = [&](double share) {
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(ticks.size()));
    const std::size_t index = std::min(wanted, ticks.size() - 1);
    const auto [first, last] = std::equal_range(ticks.begin(), ticks.end(), ticks[index]);
    const double below =
        static_cast<double>(index) + 0.5 - static_cast<double>(first - ticks.begin());
    const double within = below / static_cast<double>(last - first) - 0.5;
    return std::max(0.0, tsc.ns(ticks[index]) + within * step);
  };
  return {at(0.5), at(0.99), at(0.999), tsc.ns(ticks.back())};
}

/// Percentiles over several rounds.
struct PercentileRounds {
  Rounds p50, p99, p999, max;
  void add(const Percentiles& run) {
    p50.add(run.p50);
    p99.add(run.p99);
    p999.add(run.p999);
    max.add(run.max);
  }
};

class Table {
 public:
  Table(std::string title, std::vector<std::string> columns) : title_(std::move(title)) {
    rows_.push_back(std::move(columns));
  }
  void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  void print() const {
    std::vector<std::size_t> widths(rows_.front().size(), 3);
    for (const auto& cells : rows_) {
      for (std::size_t i = 0; i < cells.size(); ++i) {
        widths[i] = std::max(widths[i], cells[i].size());
      }
    }
    std::printf("\n%s\n\n", title_.c_str());
    for (std::size_t r = 0; r < rows_.size(); ++r) {
      print_row(rows_[r], widths);
      if (r == 0) print_rule(widths);
    }
    std::fflush(stdout);
  }

 private:
  // The first column is text, the others are figures.
  static void print_row(const std::vector<std::string>& cells,
                        const std::vector<std::size_t>& widths) {
    std::string line = "|";
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::string pad(widths[i] - cells[i].size(), ' ');
      line += " " + (i == 0 ? cells[i] + pad : pad + cells[i]) + " |";
    }
    std::printf("%s\n", line.c_str());
  }
  static void print_rule(const std::vector<std::size_t>& widths) {
    std::string line = "|";
    for (std::size_t i = 0; i < widths.size(); ++i) {
      line += " " + std::string(widths[i] - (i == 0 ? 0 : 1), '-') + (i == 0 ? " |" : ": |");
    }
    std::printf("%s\n", line.c_str());
  }

  std::string title_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace ringside::bench
