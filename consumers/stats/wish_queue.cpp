#include "wish_queue.hpp"

namespace ringside::stats {

namespace {

// Well below the second after which consumers take a silent segment for dead.
constexpr std::chrono::milliseconds answer_wait{300};

}  // namespace

shm::SymbolAnswer WishQueue::want(std::string_view symbol, std::uint32_t kinds) {
  auto wish = std::make_shared<Wish>();
  wish->symbol = symbol;
  wish->kinds = kinds;
  std::unique_lock lock(mutex_);
  if (!is_closed_) {
    wishes_.push_back(wish);
    asked_.notify_one();
    answered_.wait_for(lock, answer_wait, [&] { return wish->answer.has_value() || is_closed_; });
  }
  if (wish->answer) return *wish->answer;
  if (is_closed_) {
    return {shm::instrument_none, shm::SymbolState::refused, shm::RefuseReason::feed_gone};
  }
  return {};
}

void WishQueue::unwant(std::string_view symbol, std::uint32_t kinds) {
  auto wish = std::make_shared<Wish>();
  wish->symbol = symbol;
  wish->kinds = kinds;
  wish->is_want = false;
  const std::lock_guard lock(mutex_);
  if (!is_closed_) wishes_.push_back(std::move(wish));
}

std::shared_ptr<WishQueue::Wish> WishQueue::take(std::int64_t wait_ms) {
  std::unique_lock lock(mutex_);
  if (wishes_.empty() && wait_ms > 0) {
    asked_.wait_for(lock, std::chrono::milliseconds(wait_ms), [&] { return !wishes_.empty(); });
  }
  if (wishes_.empty()) return nullptr;
  auto wish = std::move(wishes_.front());
  wishes_.pop_front();
  return wish;
}

void WishQueue::answer(Wish& wish, const shm::SymbolAnswer& answer) {
  const std::lock_guard lock(mutex_);
  wish.answer = answer;
  answered_.notify_all();
}

bool WishQueue::is_empty() const {
  const std::lock_guard lock(mutex_);
  return wishes_.empty();
}

void WishQueue::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  answered_.notify_all();
}

}  // namespace ringside::stats
