#include "subscriptions.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "vendor/massive/messages.hpp"

namespace ringside::feed {

namespace {

std::uint64_t bits(std::uint32_t kinds) noexcept {
  return static_cast<std::uint64_t>(std::popcount(kinds));
}

}  // namespace

Subscriptions::Entry* Subscriptions::find(std::string_view symbol) noexcept {
  const auto found = index_.find(symbol);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

const Subscriptions::Entry* Subscriptions::find(std::string_view symbol) const noexcept {
  const auto found = index_.find(symbol);
  return found == index_.end() ? nullptr : &entries_[found->second];
}

// What should be subscribed upstream under this symbol's own name.
std::uint32_t Subscriptions::target(const Entry& entry) const noexcept {
  return entry.symbol == wildcard ? entry.wanted : entry.wanted & ~wild_;
}

void Subscriptions::mark_dirty(std::uint32_t index) {
  if (entries_[index].is_dirty) return;
  entries_[index].is_dirty = true;
  dirty_.push_back(index);
}

void Subscriptions::mark_all_dirty() {
  for (std::uint32_t i = 0; i < entries_.size(); ++i) mark_dirty(i);
}

void Subscriptions::change_wildcard(std::uint32_t kinds) {
  if (wild_ == kinds) return;
  wild_ = kinds;
  mark_all_dirty();
}

bool Subscriptions::want(std::string_view symbol, std::uint32_t kinds, bool is_permanent) {
  auto found = index_.find(symbol);
  if (found == index_.end()) {
    if (entries_.size() >= options_.symbol_count_max) return false;
    const auto index = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back().symbol = symbol;
    found = index_.emplace(std::string(symbol), index).first;
  }
  Entry& entry = entries_[found->second];
  entry.wanted |= kinds;
  if (is_permanent) entry.permanent |= kinds;
  mark_dirty(found->second);
  if (symbol == wildcard) change_wildcard(entry.wanted);
  return true;
}

void Subscriptions::unwant(std::string_view symbol, std::uint32_t kinds) {
  const auto found = index_.find(symbol);
  if (found == index_.end()) return;
  Entry& entry = entries_[found->second];
  entry.wanted &= ~kinds | entry.permanent;
  mark_dirty(found->second);
  if (symbol == wildcard) change_wildcard(entry.wanted);
}

void Subscriptions::restart() {
  for (Entry& entry : entries_) entry.sent = entry.acked = entry.retried = 0;
  pending_ = 0;
  next_timeout_ = UINT64_MAX;
  mark_all_dirty();
}

std::string Subscriptions::next_message(std::uint64_t now) {
  if (dirty_.empty()) return {};
  // First what has to go: a full quota upstream then has room for what is to come.
  std::string text = build(false, now);
  if (text.empty()) text = build(true, now);
  if (text.empty()) {
    for (const std::uint32_t index : dirty_) entries_[index].is_dirty = false;
    dirty_.clear();
  }
  return text;
}

std::string Subscriptions::build(bool is_subscribe, std::uint64_t now) {
  massive::ItemsMessage message(is_subscribe ? "subscribe" : "unsubscribe");
  for (const std::uint32_t index : dirty_) {
    Entry& entry = entries_[index];
    const std::uint32_t goal = target(entry);
    const std::uint32_t kinds = is_subscribe ? goal & ~entry.sent : entry.sent & ~goal;
    if (kinds == 0) continue;
    if (message.item_count() + bits(kinds) > options_.items_per_message_max) break;
    message.add(entry.symbol, kinds);
    if (is_subscribe) {
      entry.sent |= kinds;
      entry.ts_sent_ns = now;
      pending_ += bits(kinds);
      next_timeout_ = std::min(next_timeout_, now + options_.ack_timeout_ns);
    } else {
      pending_ -= bits(kinds & ~entry.acked);
      entry.sent &= ~kinds;
      entry.acked &= ~kinds;
      entry.retried &= ~kinds;
    }
  }
  return message.item_count() == 0 ? std::string() : std::move(message).finish();
}

void Subscriptions::on_ack(bool is_subscribe, std::uint32_t kinds,
                           std::string_view symbol) noexcept {
  Entry* entry = find(symbol);
  if (entry == nullptr || !is_subscribe) return;
  const std::uint32_t fresh = kinds & entry->sent & ~entry->acked;
  entry->acked |= fresh;
  pending_ -= std::min(pending_, bits(fresh));
  if (pending_ == 0) next_timeout_ = UINT64_MAX;
}

void Subscriptions::check_timeouts(std::uint64_t now) {
  if (now < next_timeout_) return;
  next_timeout_ = UINT64_MAX;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    Entry& entry = entries_[i];
    const std::uint32_t waiting = entry.sent & ~entry.acked;
    if (waiting == 0) continue;
    if (now < entry.ts_sent_ns + options_.ack_timeout_ns) {
      next_timeout_ = std::min(next_timeout_, entry.ts_sent_ns + options_.ack_timeout_ns);
      continue;
    }
    // The vendor does not answer for what it already holds: after the second silence the item
    // counts as subscribed, and data will tell.
    const std::uint32_t again = waiting & ~entry.retried;
    const std::uint32_t silent = waiting & entry.retried;
    pending_ -= std::min(pending_, bits(waiting));
    entry.acked |= silent;
    unanswered_ += bits(silent);
    if (silent != 0) unanswered_symbols_.push_back(entry.symbol);
    if (again == 0) continue;
    entry.retried |= again;
    entry.sent &= ~again;  // next_message() asks again
    retried_ += bits(again);
    mark_dirty(i);
  }
}

std::uint32_t Subscriptions::wanted(std::string_view symbol) const noexcept {
  const Entry* entry = find(symbol);
  return wild_ | (entry == nullptr ? 0 : entry->wanted);
}

std::vector<std::string> Subscriptions::take_unanswered() {
  return std::exchange(unanswered_symbols_, {});
}

std::uint32_t Subscriptions::acked(std::string_view symbol) const noexcept {
  const Entry* star = wild_ == 0 ? nullptr : find(wildcard);
  const Entry* entry = find(symbol);
  return (star == nullptr ? 0 : star->acked) | (entry == nullptr ? 0 : entry->acked);
}

}  // namespace ringside::feed
