#include "vendor/massive/messages.hpp"

#include <utility>

namespace ringside::feed::massive {

namespace {

constexpr struct {
  std::string_view name;
  std::uint32_t kind;
} channels[] = {{"T", shm::want_trades},
                {"Q", shm::want_quotes},
                {"A", shm::want_bars_1s},
                {"AM", shm::want_bars_1m}};

}  // namespace

std::string auth_message(std::string_view key) {
  // read_secret admits printable ASCII only; a quote or backslash still needs its escape.
  std::string text = R"({"action":"auth","params":")";
  for (const char c : key) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  text += "\"}";
  return text;
}

ItemsMessage::ItemsMessage(std::string_view action) {
  text_ = R"({"action":")";
  text_ += action;
  text_ += R"(","params":")";
}

void ItemsMessage::add(std::string_view symbol, std::uint32_t kinds) {
  for (const auto& channel : channels) {
    if ((kinds & channel.kind) == 0) continue;
    if (item_count_++ != 0) text_ += ',';
    text_ += channel.name;
    text_ += '.';
    text_ += symbol;
  }
}

std::string ItemsMessage::finish() && {
  text_ += "\"}";
  return std::move(text_);
}

std::optional<Ack> parse_ack(std::string_view message) noexcept {
  constexpr std::string_view subscribed = "subscribed to: ";
  constexpr std::string_view unsubscribed = "unsubscribed to: ";
  Ack ack;
  if (message.starts_with(subscribed)) {
    ack.is_subscribe = true;
    message.remove_prefix(subscribed.size());
  } else if (message.starts_with(unsubscribed)) {
    message.remove_prefix(unsubscribed.size());
  } else {
    return std::nullopt;
  }
  while (message.ends_with(' ')) message.remove_suffix(1);
  const std::size_t dot = message.find('.');  // the symbol may hold more dots
  if (dot == std::string_view::npos) return std::nullopt;
  ack.kinds = parse_channel(message.substr(0, dot));
  ack.symbol = message.substr(dot + 1);
  if (ack.kinds == 0 || ack.symbol.empty()) return std::nullopt;
  return ack;
}

std::uint32_t kinds_offered(Market market, std::string_view symbol) noexcept {
  const bool has_quotes = market != Market::options || symbol != "*";
  return has_quotes ? shm::want_all : shm::want_all & ~std::uint32_t{shm::want_quotes};
}

std::uint32_t parse_channel(std::string_view name) noexcept {
  for (const auto& channel : channels) {
    if (channel.name == name) return channel.kind;
  }
  return 0;
}

}  // namespace ringside::feed::massive
