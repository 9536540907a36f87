// Owns the JSON array that becomes one text frame: event texts are written straight into it. The
// simulator's thread; one allocation, when created.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>
#include <vector>

#include "sim/format.hpp"

namespace ringside::sim {

class FrameBuilder {
 public:
  /// The vendor's frames stay under 1,000,000 bytes.
  static constexpr std::size_t frame_bytes_max = 900'000;

  explicit FrameBuilder(std::size_t event_count_max)
      : text_(2 +
              std::min(event_count_max * (event_chars_max + 1), frame_bytes_max + event_chars_max)),
        event_count_max_(event_count_max) {}

  [[nodiscard]] std::size_t event_count() const noexcept { return event_count_; }
  [[nodiscard]] bool empty() const noexcept { return event_count_ == 0; }
  [[nodiscard]] bool is_full() const noexcept {
    return event_count_ >= event_limit_ || size_ >= frame_bytes_max;
  }

  /// This frame is full at `limit` events: 1 .. event_count_max.
  void set_limit(std::size_t limit) noexcept {
    event_limit_ = std::min(std::max<std::size_t>(limit, 1), event_count_max_);
  }

  /// Where the next event's text goes; event_chars_max bytes of room. Then commit(its end).
  [[nodiscard]] char* room() noexcept {
    text_[size_] = event_count_ == 0 ? '[' : ',';
    return text_.data() + size_ + 1;
  }
  void commit(const char* end) noexcept {
    size_ = static_cast<std::size_t>(end - text_.data());
    ++event_count_;
  }

  /// A text that lies elsewhere.
  void append(std::string_view event) noexcept {
    char* const at = room();
    std::memcpy(at, event.data(), event.size());
    commit(at + event.size());
  }

  /// The whole array; good until clear(). Precondition: not empty.
  [[nodiscard]] std::string_view finish() noexcept {
    text_[size_] = ']';
    return {text_.data(), size_ + 1};
  }
  void clear() noexcept {
    size_ = 0;
    event_count_ = 0;
  }

 private:
  std::vector<char> text_;
  std::size_t size_ = 0;
  std::size_t event_count_ = 0;
  std::size_t event_count_max_;
  std::size_t event_limit_ = 1;
};

}  // namespace ringside::sim
