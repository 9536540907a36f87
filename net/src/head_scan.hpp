// Owns the strictness that llhttp leaves out: lines of a head end in CR LF only, and none begins
// with a blank (obsolete folding). What two programs could read in two ways is refused. One thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ringside::net {

class HeadScan {
 public:
  enum class Finding : std::uint8_t { fine, bare_lf, bare_cr, folded };

  /// Looks at the next bytes of a head, up to its end. Bytes behind the end are not looked at.
  [[nodiscard]] Finding scan(std::string_view bytes) noexcept {
    for (const char c : bytes) {
      if (is_done_) break;
      if (after_cr_ && c != '\n') return Finding::bare_cr;
      if (c == '\n') {
        if (!after_cr_) return Finding::bare_lf;
        after_cr_ = false;
        if (line_bytes_ == 0 && has_first_line_) is_done_ = true;
        if (line_bytes_ != 0) has_first_line_ = true;
        line_bytes_ = 0;
      } else if (c == '\r') {
        after_cr_ = true;
      } else {
        if (line_bytes_ == 0 && has_first_line_ && (c == ' ' || c == '\t')) return Finding::folded;
        ++line_bytes_;
      }
    }
    return Finding::fine;
  }

  [[nodiscard]] bool has_first_line() const noexcept { return has_first_line_; }

 private:
  std::uint32_t line_bytes_ = 0;
  bool after_cr_ = false;
  bool has_first_line_ = false;
  bool is_done_ = false;
};

}  // namespace ringside::net
