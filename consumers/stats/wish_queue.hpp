// Owns the way from the control thread, where consumers ask for symbols, to the loop's thread,
// which alone may change the segment and talk to the feeds. Off the path; locks and allocates.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "ringside/shm/control_server.hpp"

namespace ringside::stats {

class WishQueue {
 public:
  /// One wish. The control thread waits for the answer of a `want`.
  struct Wish {
    std::string symbol;
    std::uint32_t kinds = 0;
    bool is_want = true;
    std::optional<shm::SymbolAnswer> answer;
  };

  /// Control thread: hands a wish over and waits a little for its answer; `pending` without an id
  /// if the loop is busy for longer, `feed_gone` once closed. The wish is kept either way.
  [[nodiscard]] shm::SymbolAnswer want(std::string_view symbol, std::uint32_t kinds);
  /// Control thread: hands over that nobody wants these kinds any more.
  void unwant(std::string_view symbol, std::uint32_t kinds);

  /// Loop: the next wish; waits up to `wait_ms` for one, because they come in bursts.
  [[nodiscard]] std::shared_ptr<Wish> take(std::int64_t wait_ms);
  /// Loop: answers a wish that take() returned.
  void answer(Wish& wish, const shm::SymbolAnswer& answer);
  [[nodiscard]] bool is_empty() const;

  /// Any thread: nobody answers any more.
  void close();

 private:
  mutable std::mutex mutex_;
  std::condition_variable asked_;
  std::condition_variable answered_;
  std::deque<std::shared_ptr<Wish>> wishes_;
  bool is_closed_ = false;
};

}  // namespace ringside::stats
