#include "vendor/massive/decode.hpp"

#include <algorithm>
#include <new>
#include <string_view>
#include <utility>

#include "vendor/massive/fields.hpp"
#include "vendor/massive/resync.hpp"
#include "vendor/massive/walk.hpp"

namespace ringside::feed::massive {

namespace {

namespace ondemand = simdjson::ondemand;

RejectReason reason_of(simdjson::error_code error) noexcept {
  switch (error) {
    case simdjson::UTF8_ERROR:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::STRING_ERROR:
      return RejectReason::bad_encoding;
    case simdjson::DEPTH_ERROR:
      return RejectReason::too_deep;
    default:
      return RejectReason::bad_json;
  }
}

}  // namespace

// How a frame is read. `array` and `object` trust simdjson's index of the whole frame; the first
// fault moves to `pieces`, where each event is cut out and parsed on its own.
enum class Mode : std::uint8_t { done, array, object, pieces };

enum class Step : std::uint8_t { taken, skipped };

struct Decoder::Impl {
  Options options;
  ondemand::parser parser;
  ondemand::document document;  // of the frame, or of one piece of it
  ondemand::array_iterator element;
  Fields fields;
  DecodeCounts counts;

  std::string_view frame;
  std::uint64_t ts_recv = 0;
  Mode mode = Mode::done;
  std::size_t first = 0;     // where the first event may begin
  std::size_t resume = 0;    // behind the last event that was whole
  std::size_t event_at = 0;  // where the event in hand begins
  std::size_t effort = 0;    // bytes that pieces may still look at
  bool is_in_array = false;
  bool is_comma_due = false;  // pieces: an event came just before

  RejectReason reject_reason = RejectReason::bad_frame;  // the latest
  std::size_t reject_at = 0;

  void reject(RejectReason reason) noexcept {
    ++counts.rejects[static_cast<std::size_t>(reason)];
    reject_reason = reason;
    reject_at = event_at;
  }

  // The frame's tail counts as one reject and ends it.
  void give_up(RejectReason reason) noexcept {
    reject(reason);
    mode = Mode::done;
  }

  void begin_pieces(std::size_t at, bool is_behind_event = false) noexcept {
    mode = Mode::pieces;
    resume = at;
    is_comma_due = is_behind_event;
    effort = effort_max * frame.size();
  }

  void begin(std::string_view text, std::uint64_t ts) noexcept;
  [[nodiscard]] Step next(Decoded& out) noexcept;
  [[nodiscard]] Step next_element(Decoded& out) noexcept;
  [[nodiscard]] Step only_object(Decoded& out) noexcept;
  void check_separator(int commas, char next) noexcept;
  [[nodiscard]] Step next_piece(Decoded& out) noexcept;
  [[nodiscard]] Step piece(std::size_t at, std::size_t end, Decoded& out) noexcept;
  void lost_piece(CutStatus status, std::size_t at) noexcept;
  [[nodiscard]] bool ends_like_a_frame() const noexcept;
  [[nodiscard]] Step finish_event(Decoded& out, bool is_last) noexcept;
  [[nodiscard]] std::size_t offset_of(const char* at) const noexcept {
    return static_cast<std::size_t>(at - frame.data());
  }
};

void Decoder::Impl::begin(std::string_view text, std::uint64_t ts) noexcept {
  frame = text;
  ts_recv = ts;
  ++counts.frames;
  counts.bytes += text.size();
  mode = Mode::done;
  resume = event_at = 0;
  if (text.size() > options.frame_bytes_max) return reject(RejectReason::too_large);
  first = skip_blanks(frame, 0);
  if (first == frame.size()) return reject(RejectReason::bad_frame);
  is_in_array = frame[first] == '[';
  if (!is_in_array && frame[first] != '{') {
    reject(RejectReason::bad_frame);
    const std::size_t at = frame.find_first_of("[{", first);
    if (at == std::string_view::npos) return;
    is_in_array = frame[at] == '[';
    return begin_pieces(is_in_array ? at + 1 : at);
  }
  if (is_in_array) ++first;
  resume = first;
  if (parser.iterate(frame.data(), frame.size(), frame.size() + frame_padding_bytes)
          .get(document) != simdjson::SUCCESS) {
    return begin_pieces(resume);
  }
  if (!is_in_array) {
    mode = Mode::object;
    return;
  }
  ondemand::array array;
  if (document.get_array().get(array) != simdjson::SUCCESS ||
      array.begin().get(element) != simdjson::SUCCESS) {
    return begin_pieces(resume);
  }
  mode = Mode::array;
}

Step Decoder::Impl::next(Decoded& out) noexcept {
  switch (mode) {
    case Mode::array:
      return next_element(out);
    case Mode::object:
      return only_object(out);
    case Mode::pieces:
      return next_piece(out);
    case Mode::done:
      break;
  }
  return Step::skipped;
}

Step Decoder::Impl::finish_event(Decoded& out, bool is_last) noexcept {
  const EventOutcome outcome = read_event(fields, options.event, ts_recv, out, counts);
  if (outcome.result == EventResult::rejected) reject(outcome.reason);
  if (outcome.result != EventResult::taken) return Step::skipped;
  if (is_last && out.item == Item::tick) out.tick.flags |= shm::flag_last_of_frame;
  if (is_last && out.item == Item::bar) out.bar.flags |= shm::flag_last_of_frame;
  return Step::taken;
}

Step Decoder::Impl::next_element(Decoded& out) noexcept {
  if (!(element != element)) {  // the array's end; what the operator compares is the depth
    mode = Mode::done;
    const char* behind = nullptr;
    if (document.current_location().get(behind) == simdjson::SUCCESS) {
      give_up(RejectReason::bad_frame);
    }
    return Step::skipped;
  }
  ondemand::value value;
  ondemand::object object;
  if ((*element).get(value) != simdjson::SUCCESS || value.raw_json_token().front() != '{' ||
      value.get_object().get(object) != simdjson::SUCCESS) {
    begin_pieces(resume, resume != first);
    return Step::skipped;
  }
  event_at = resume;
  const char* behind = nullptr;
  simdjson::error_code error = simdjson::SUCCESS;
  const WalkResult walked = walk_event(object, fields, counts, error);
  if (walked == WalkResult::bad || document.current_location().get(behind) != simdjson::SUCCESS) {
    begin_pieces(resume, resume != first);
    return Step::skipped;
  }
  resume = offset_of(behind);
  ++element;
  if (walked == WalkResult::duplicate) {
    reject(RejectReason::duplicate_key);
    return Step::skipped;
  }
  return finish_event(out, *behind == ']');
}

Step Decoder::Impl::only_object(Decoded& out) noexcept {
  ondemand::object object;
  if (document.get_object().get(object) != simdjson::SUCCESS) {
    begin_pieces(resume);
    return Step::skipped;
  }
  simdjson::error_code error = simdjson::SUCCESS;
  const WalkResult walked = walk_event(object, fields, counts, error);
  if (walked == WalkResult::bad) {
    begin_pieces(resume);
    return Step::skipped;
  }
  mode = Mode::done;
  const char* behind = nullptr;
  const bool is_last = document.current_location().get(behind) != simdjson::SUCCESS;
  if (!is_last) begin_pieces(offset_of(behind), true);
  if (walked == WalkResult::duplicate) {
    reject(RejectReason::duplicate_key);
    return Step::skipped;
  }
  return finish_event(out, is_last);
}

// Commas between events: one, none before the array's end. A fault in them costs no event.
void Decoder::Impl::check_separator(int commas, char next) noexcept {
  if (!is_in_array) {
    if (is_comma_due || commas != 0 || next == ']') reject(RejectReason::bad_frame);
    return;
  }
  const int due = next == '{' && is_comma_due ? 1 : 0;
  const bool is_judged = next == '{' || next == ']';
  if (is_judged && commas != due) reject(RejectReason::bad_json);
}

Step Decoder::Impl::next_piece(Decoded& out) noexcept {
  std::size_t at = skip_blanks(frame, resume);
  int commas = 0;
  for (; at < frame.size() && frame[at] == ','; ++commas) at = skip_blanks(frame, at + 1);
  resume = event_at = at;
  if (at == frame.size()) {
    if (is_in_array || commas != 0) reject(RejectReason::truncated);
    mode = Mode::done;
    return Step::skipped;
  }
  check_separator(commas, frame[at]);
  is_comma_due = false;
  if (frame[at] == ']') {
    mode = Mode::done;
    const bool has_more = skip_blanks(frame, at + 1) != frame.size();
    if (is_in_array && has_more) reject(RejectReason::bad_frame);
    return Step::skipped;
  }
  if (frame[at] != '{') {
    lost_piece(CutStatus::mismatched, at);
    return Step::skipped;
  }
  const Cut cut = cut_object(frame, at);
  const std::size_t looked_at = 2 * (cut.end - at);
  if (looked_at > effort) {
    give_up(RejectReason::too_large);
    return Step::skipped;
  }
  effort -= looked_at;
  if (cut.status != CutStatus::whole) {
    lost_piece(cut.status, at);
    return Step::skipped;
  }
  return piece(at, cut.end, out);
}

// An event that cannot be cut out: go on where the next one seems to begin.
void Decoder::Impl::lost_piece(CutStatus status, std::size_t at) noexcept {
  resume = find_object(frame, at + 1);
  const bool is_tail = resume == frame.size();
  if (status == CutStatus::too_deep) {
    reject(RejectReason::too_deep);
  } else if (is_tail && (status == CutStatus::open ||
                         (status == CutStatus::open_string && !ends_like_a_frame()))) {
    reject(RejectReason::truncated);
  } else {
    reject(RejectReason::bad_json);
  }
  if (is_tail) mode = Mode::done;
}

bool Decoder::Impl::ends_like_a_frame() const noexcept {
  return frame[frame.find_last_not_of(" \t\r\n")] == (is_in_array ? ']' : '}');
}

Step Decoder::Impl::piece(std::size_t at, std::size_t end, Decoded& out) noexcept {
  ondemand::object object;
  WalkResult walked = WalkResult::bad;
  simdjson::error_code error =
      parser.iterate(frame.data() + at, end - at, end - at + frame_padding_bytes).get(document);
  if (error == simdjson::SUCCESS) error = document.get_object().get(object);
  if (error == simdjson::SUCCESS) walked = walk_event(object, fields, counts, error);
  const char* behind = nullptr;
  if (walked != WalkResult::bad && document.current_location().get(behind) == simdjson::SUCCESS) {
    walked = WalkResult::bad;
  }
  if (walked == WalkResult::bad) {
    reject(reason_of(error));
    resume = find_object(frame, at + 1);
    // What lies before the next event may hold the array's end.
    if (resume == frame.size()) mode = Mode::done;
    return Step::skipped;
  }
  resume = end;
  is_comma_due = true;
  if (walked == WalkResult::duplicate) {
    reject(RejectReason::duplicate_key);
    return Step::skipped;
  }
  const std::size_t behind_event = skip_blanks(frame, end);
  return finish_event(out, behind_event < frame.size() && frame[behind_event] == ']');
}

Decoder::Decoder(std::unique_ptr<Impl> impl) noexcept : impl_(std::move(impl)) {}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

Result<Decoder> Decoder::make(const Options& options) {
  std::unique_ptr<Impl> impl(new (std::nothrow) Impl);
  if (impl == nullptr || impl->parser.allocate(options.frame_bytes_max) != simdjson::SUCCESS) {
    return Error{
        ErrorCode::memory, 0,
        "decoder: no memory for frames of " + std::to_string(options.frame_bytes_max) + " bytes"};
  }
  impl->options = options;
  return Decoder(std::move(impl));
}

void Decoder::begin(std::span<const std::byte> frame, std::uint64_t ts_recv) noexcept {
  impl_->begin({reinterpret_cast<const char*>(frame.data()), frame.size()}, ts_recv);
}

std::size_t Decoder::read(std::span<Decoded> out) noexcept {
  std::size_t count = 0;
  while (count < out.size() && impl_->mode != Mode::done) {
    if (impl_->next(out[count]) == Step::skipped) continue;
    if (out[count++].item == Item::status) break;
  }
  return count;
}

RejectReason Decoder::last_reject() const noexcept {
  return impl_->reject_reason;
}

std::string_view Decoder::last_reject_text() const noexcept {
  constexpr std::size_t shown_max = 64;
  const std::size_t at = impl_->frame.find_first_not_of(" \t\r\n,", impl_->reject_at);
  return impl_->frame.substr(std::min(at, impl_->frame.size()), shown_max);
}

const DecodeCounts& Decoder::counts() const noexcept {
  return impl_->counts;
}

}  // namespace ringside::feed::massive
