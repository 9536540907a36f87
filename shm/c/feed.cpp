// The feed half of ringside.h: attachment, symbols, last values. Each function checks what the
// caller gave, and calls FeedClient and SegmentView. The caller's thread; attaching allocates.
#include <algorithm>

#include "handles.hpp"
#include "ringside/base/clock.hpp"

namespace ringside::shm::c {

namespace {

// One a thread, so that threads never see each other's errors; plain bytes need no destructor.
thread_local char error_text[256] = "";

constexpr std::size_t path_bytes_max = 107;  // of a unix socket

}  // namespace

int fail(ErrorCode code, std::string_view text) noexcept {
  const std::size_t bytes = std::min(text.size(), sizeof(error_text) - 1);
  std::memcpy(error_text, text.data(), bytes);
  error_text[bytes] = '\0';
  return -exit_code(code);
}

int fail(const Error& error) noexcept {
  return fail(error.code, error.message());
}

namespace {

int fail_usage(std::string_view text) noexcept {
  return fail(ErrorCode::usage, text);
}

// Every field that this library does not know must be zero: else the caller relies on it.
bool is_zero_behind(const ringside_options& options) noexcept {
  const char* const bytes = reinterpret_cast<const char*>(&options);
  for (std::size_t i = sizeof(options); i < options.size; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

// The texts of `symbols`; an empty list if one of them is missing.
bool are_texts(const char* const* symbols, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (symbols == nullptr || symbols[i] == nullptr) return false;
  }
  return true;
}

// Only texts that fit a message are sent: a cut one would be another symbol.
bool is_sendable(std::string_view text) noexcept {
  return !text.empty() && text.size() <= symbol_bytes_max;
}

std::vector<std::string> sendable(const char* const* symbols, std::size_t count) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    if (is_sendable(symbols[i])) texts.emplace_back(symbols[i]);
  }
  return texts;
}

template <class Record, class Out>
int copy_out(ReadStatus status, const Record& record, Out* out) noexcept {
  static_assert(sizeof(Record) == sizeof(Out));
  if (status == ReadStatus::ok) std::memcpy(out, &record, sizeof(record));
  return static_cast<int>(status);
}

}  // namespace
}  // namespace ringside::shm::c

using namespace ringside;       // NOLINT: this file is the C face of these two
using namespace ringside::shm;  // NOLINT: as above
using c::fail;
using c::fail_usage;

static_assert(RINGSIDE_OK == static_cast<int>(ReadStatus::ok));
static_assert(RINGSIDE_EMPTY == static_cast<int>(ReadStatus::empty));
static_assert(RINGSIDE_LAPPED == static_cast<int>(ReadStatus::lapped));

const char* ringside_version() noexcept {
  return RINGSIDE_VERSION_TEXT;
}
std::uint32_t ringside_layout_version() noexcept {
  return layout_version;
}
std::uint32_t ringside_tick_bytes() noexcept {
  return sizeof(TickRecord);
}
std::uint32_t ringside_bar_bytes() noexcept {
  return sizeof(BarRecord);
}
const char* ringside_error_text() noexcept {
  return c::error_text;
}

// to_string gives literals: they end with a zero.
const char* ringside_kind_name(std::uint32_t kind) noexcept {
  return kind > 255 ? "unknown" : to_string(static_cast<Kind>(kind)).data();
}
const char* ringside_state_name(std::uint32_t state) noexcept {
  return to_string(static_cast<FeedState>(state)).data();
}
const char* ringside_refused_name(std::uint32_t reason) noexcept {
  return to_string(static_cast<RefuseReason>(reason)).data();
}

int ringside_feed_open(const ringside_options* options, ringside_feed** feed) noexcept {
  if (options == nullptr || feed == nullptr) return fail_usage("feed_open: a null pointer");
  *feed = nullptr;
  if (options->size < sizeof(ringside_options) || !c::is_zero_behind(*options)) {
    return fail_usage("feed_open: options.size is not that of a ringside_options known here");
  }
  if (options->path == nullptr || *options->path == '\0') return fail_usage("feed_open: no path");
  if (std::strlen(options->path) > c::path_bytes_max) {
    return fail(ErrorCode::config, "feed_open: the socket's path is longer than 107 bytes");
  }
  if (options->answer_ms_max > 3'600'000) return fail_usage("feed_open: answer_ms_max above 1 h");
  FeedClient::Options own;
  own.path = options->path;
  own.name = options->name == nullptr ? "c" : options->name;
  if (options->retry_ns != 0) own.retry_ns = options->retry_ns;
  if (options->stale_ns != 0) own.stale_ns = options->stale_ns;
  if (options->answer_ms_max != 0) own.answer_ms_max = static_cast<int>(options->answer_ms_max);
  *feed = std::make_unique<ringside_feed>(ringside_feed{FeedClient(std::move(own))}).release();
  return RINGSIDE_OK;
}

void ringside_feed_close(ringside_feed* feed) noexcept {
  delete feed;
}

int ringside_feed_poll(ringside_feed* feed) noexcept {
  if (feed == nullptr) return fail_usage("feed_poll: no feed");
  return static_cast<int>(feed->client.poll(monotonic_ns()));
}

int ringside_feed_attach(ringside_feed* feed) noexcept {
  if (feed == nullptr) return fail_usage("feed_attach: no feed");
  if (feed->client.is_attached()) return RINGSIDE_OK;
  const Status status = feed->client.attach();
  return status ? RINGSIDE_OK : fail(status.error());
}

const char* ringside_feed_trouble(const ringside_feed* feed) noexcept {
  return feed == nullptr ? "" : feed->client.last_error().c_str();
}

int ringside_feed_info(const ringside_feed* feed, ringside_info* info) noexcept {
  if (feed == nullptr || info == nullptr) return fail_usage("feed_info: a null pointer");
  if (info->size < sizeof(ringside_info)) return fail_usage("feed_info: info.size is not set");
  ringside_info found{};
  const auto segment = feed->client.segment();
  if (segment != nullptr) {
    const SegmentFacts& facts = segment->facts();
    std::memcpy(found.feed, facts.feed, sizeof(found.feed));
    found.feed[sizeof(found.feed) - 1] = '\0';
    found.epoch = facts.epoch;
    found.heartbeat_age_ns = segment->heartbeat_age_ns();
    found.state = static_cast<std::uint32_t>(segment->state());
    found.is_attached = feed->client.is_attached() ? 1 : 0;
    found.layout_version = facts.layout_version;
    found.price_exponent = facts.price_exponent;
    found.size_exponent = facts.size_exponent;
    found.venue_base = facts.venue_base;
    found.symbol_count = segment->symbols().size();
    found.symbol_capacity = facts.symbol_capacity;
    found.writer_pid = facts.writer_pid;
  }
  c::copy_known(info, found);
  return segment == nullptr ? RINGSIDE_EMPTY : RINGSIDE_OK;
}

int ringside_feed_sleep(ringside_feed* feed, ringside_reader* const* readers, std::size_t count,
                        std::uint64_t timeout_ns) noexcept {
  if (feed == nullptr || (readers == nullptr && count != 0)) {
    return fail_usage("feed_sleep: a null pointer");
  }
  const auto has_news = [&] {
    for (std::size_t i = 0; i < count; ++i) {
      if (ringside_has_news(readers[i]) == 1) return true;
    }
    return false;
  };
  if (!has_news()) feed->client.sleep(timeout_ns, has_news);
  return has_news() ? RINGSIDE_OK : RINGSIDE_EMPTY;
}

int ringside_feed_report(ringside_feed* feed, std::uint64_t received, std::uint64_t lost,
                         std::uint64_t pending) noexcept {
  if (feed == nullptr) return fail_usage("feed_report: no feed");
  feed->client.report(received, lost, pending);
  return RINGSIDE_OK;
}

int ringside_feed_subscribe(ringside_feed* feed, const char* const* symbols, std::size_t count,
                            std::uint32_t kinds, ringside_answer* answers) noexcept {
  if (feed == nullptr || !c::are_texts(symbols, count)) {
    return fail_usage("feed_subscribe: a null pointer");
  }
  if (kinds == 0 || (kinds & ~std::uint32_t{want_all}) != 0) {
    return fail_usage("feed_subscribe: kinds are RINGSIDE_WANT_* bits");
  }
  const std::vector<SymbolStatus> got = feed->client.subscribe(c::sendable(symbols, count), kinds);
  std::size_t answered = 0;
  bool is_missing = false;
  for (std::size_t i = 0; i < count; ++i) {
    ringside_answer answer{RINGSIDE_INSTRUMENT_NONE, RINGSIDE_SYMBOL_NONE, RINGSIDE_REFUSED_NONE,
                           0};
    if (!c::is_sendable(symbols[i])) {
      answer.state = RINGSIDE_SYMBOL_REFUSED;
      answer.reason = RINGSIDE_REFUSED_BAD_SYMBOL;
    } else if (answered < got.size()) {
      const SymbolStatus& status = got[answered++];
      answer.instrument_id = status.instrument_id;
      answer.state = static_cast<std::uint32_t>(status.state);
      answer.reason = static_cast<std::uint32_t>(status.reason);
    } else {
      is_missing = true;
    }
    if (answers != nullptr) answers[i] = answer;
  }
  return is_missing ? RINGSIDE_EMPTY : RINGSIDE_OK;
}

int ringside_feed_unsubscribe(ringside_feed* feed, const char* const* symbols, std::size_t count,
                              std::uint32_t kinds) noexcept {
  if (feed == nullptr || !c::are_texts(symbols, count)) {
    return fail_usage("feed_unsubscribe: a null pointer");
  }
  feed->client.unsubscribe(c::sendable(symbols, count), kinds);
  return RINGSIDE_OK;
}

std::uint32_t ringside_symbol_count(const ringside_feed* feed) noexcept {
  if (feed == nullptr || feed->client.segment() == nullptr) return 0;
  return feed->client.segment()->symbols().size();
}

int ringside_symbol_id(const ringside_feed* feed, const char* text,
                       std::uint32_t* instrument_id) noexcept {
  if (feed == nullptr || text == nullptr || instrument_id == nullptr) {
    return fail_usage("symbol_id: a null pointer");
  }
  *instrument_id = instrument_none;
  const auto segment = feed->client.segment();
  if (segment == nullptr || !c::is_sendable(text)) return RINGSIDE_EMPTY;
  const auto found = segment->symbols().find(text);
  if (!found) return RINGSIDE_EMPTY;
  *instrument_id = *found;
  return RINGSIDE_OK;
}

int ringside_symbol_text(const ringside_feed* feed, std::uint32_t instrument_id,
                         char* text) noexcept {
  static_assert(RINGSIDE_SYMBOL_BYTES == symbol_bytes_max + 1);
  if (feed == nullptr || text == nullptr) return fail_usage("symbol_text: a null pointer");
  *text = '\0';
  const auto segment = feed->client.segment();
  if (segment == nullptr) return RINGSIDE_EMPTY;
  const std::string_view found = segment->symbols().text(instrument_id);
  const std::size_t bytes = std::min(found.size(), symbol_bytes_max);
  std::copy_n(found.data(), bytes, text);
  text[bytes] = '\0';
  return bytes == 0 ? RINGSIDE_EMPTY : RINGSIDE_OK;
}

int ringside_symbol_state(const ringside_feed* feed, std::uint32_t instrument_id) noexcept {
  if (feed == nullptr) return fail_usage("symbol_state: no feed");
  const auto segment = feed->client.segment();
  if (segment == nullptr || instrument_id >= segment->symbols().size()) return RINGSIDE_SYMBOL_NONE;
  return static_cast<int>(segment->symbols().state(instrument_id));
}

int ringside_last_tick(const ringside_feed* feed, std::uint32_t instrument_id, std::uint32_t kind,
                       ringside_tick* out) noexcept {
  if (feed == nullptr || out == nullptr) return fail_usage("last_tick: a null pointer");
  if (kind != RINGSIDE_KIND_TRADE && kind != RINGSIDE_KIND_QUOTE) {
    return fail_usage("last_tick: kind is RINGSIDE_KIND_TRADE or _QUOTE");
  }
  const auto segment = feed->client.segment();
  if (segment == nullptr) return RINGSIDE_EMPTY;
  const LastReader last = segment->last(instrument_id);
  if (!last.is_open()) return RINGSIDE_EMPTY;
  TickRecord record;
  const ReadStatus status = kind == RINGSIDE_KIND_TRADE ? last.trade(record) : last.quote(record);
  return c::copy_out(status, record, out);
}

int ringside_last_bar(const ringside_feed* feed, std::uint32_t instrument_id, std::uint32_t kind,
                      ringside_bar* out) noexcept {
  if (feed == nullptr || out == nullptr) return fail_usage("last_bar: a null pointer");
  if (kind != RINGSIDE_KIND_BAR_1S && kind != RINGSIDE_KIND_BAR_1M) {
    return fail_usage("last_bar: kind is RINGSIDE_KIND_BAR_1S or _BAR_1M");
  }
  const auto segment = feed->client.segment();
  if (segment == nullptr) return RINGSIDE_EMPTY;
  const LastReader last = segment->last(instrument_id);
  if (!last.is_open()) return RINGSIDE_EMPTY;
  BarRecord record;
  const ReadStatus status =
      kind == RINGSIDE_KIND_BAR_1S ? last.bar_1s(record) : last.bar_1m(record);
  return c::copy_out(status, record, out);
}
