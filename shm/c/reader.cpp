// The reader half of ringside.h (ringside_reader.h). The path: no allocation, no system call but in
// open, close and prefault. The reader's own thread.
//
// Records go to the caller's memory word by word: a C array has no alignment of 64, which a
// reference to a TickRecord would promise.
#include "handles.hpp"

using namespace ringside;       // NOLINT: this file is the C face of these two
using namespace ringside::shm;  // NOLINT: as above

namespace {

int fail_reader(std::string_view text) noexcept {
  return c::fail(ErrorCode::usage, text);
}

// Calls f(place) of the reader's kind.
template <class Reader, class F>
int with_place(Reader& reader, F&& f) noexcept {
  if (auto* const ticks = std::get_if<0>(&reader.place)) return f(*ticks);
  return f(*std::get_if<1>(&reader.place));
}

template <class Record>
Place<Record>* place_of(ringside_reader* reader) noexcept {
  return reader == nullptr ? nullptr : std::get_if<Place<Record>>(&reader->place);
}

// As RingReader::poll, to memory of any alignment; `out` is as it was unless ok.
template <class Record>
ReadStatus poll_words(Place<Record>& place, char* out) noexcept {
  place.is_peeked = false;
  Visit<Record> visit;
  const ReadStatus status = place.ring.visit(visit);
  if (status != ReadStatus::ok) return status;
  Words<Record> words;
  words[0] = whole_stamp(visit.sequence());
  detail::each_word<Record>([&](std::size_t i) { words[i] = visit.word(i); });
  if (!place.ring.take(visit)) return ReadStatus::lapped;
  std::memcpy(out, &words[0], sizeof(words[0]));
  detail::each_word<Record>(
      [&](std::size_t i) { std::memcpy(out + 8 * i, &words[i], sizeof(words[i])); });
  return ReadStatus::ok;
}

template <class Record, class Out>
int poll_one(ringside_reader* reader, Out* out) noexcept {
  static_assert(sizeof(Record) == sizeof(Out));
  Place<Record>* const place = place_of<Record>(reader);
  if (place == nullptr || out == nullptr) [[unlikely]] {
    return fail_reader("poll: a null pointer, or a reader of the other kind of record");
  }
  return static_cast<int>(poll_words(*place, reinterpret_cast<char*>(out)));
}

template <class Record, class Out>
int poll_many(ringside_reader* reader, Out* out, std::size_t room, std::size_t* count) noexcept {
  if (count != nullptr) *count = 0;
  Place<Record>* const place = place_of<Record>(reader);
  if (place == nullptr || count == nullptr || (out == nullptr && room != 0)) {
    return fail_reader("poll: a null pointer, or a reader of the other kind of record");
  }
  std::size_t filled = 0;
  ReadStatus status = ReadStatus::empty;
  while (filled < room) {
    status = poll_words(*place, reinterpret_cast<char*>(out + filled));
    if (status != ReadStatus::ok) break;
    ++filled;
  }
  *count = filled;
  if (status == ReadStatus::empty && filled != 0) return RINGSIDE_OK;
  return static_cast<int>(status);
}

template <class Record>
int open_reader(std::shared_ptr<const SegmentView> segment, const RingView<Record>& view,
                std::uint32_t start, std::uint64_t sequence, ringside_reader** reader) {
  if (!view.is_open()) return RINGSIDE_EMPTY;
  const RingReader<Record> ring =
      start == RINGSIDE_START_SEQUENCE
          ? RingReader<Record>(view, sequence)
          : RingReader<Record>(view,
                               start == RINGSIDE_START_OLDEST ? StartAt::oldest : StartAt::newest);
  *reader = new ringside_reader(std::move(segment), Place<Record>(ring, view));
  return RINGSIDE_OK;
}

}  // namespace

int ringside_reader_open(ringside_feed* feed, std::uint32_t ring, std::uint32_t instrument_id,
                         std::uint32_t start, std::uint64_t sequence,
                         ringside_reader** reader) noexcept {
  if (feed == nullptr || reader == nullptr) return fail_reader("reader_open: a null pointer");
  *reader = nullptr;
  if (start > RINGSIDE_START_SEQUENCE) return fail_reader("reader_open: start is RINGSIDE_START_*");
  if (ring < RINGSIDE_RING_TICKS || ring > RINGSIDE_TAPE_BARS) {
    return fail_reader("reader_open: ring is RINGSIDE_RING_* or RINGSIDE_TAPE_*");
  }
  auto segment = feed->client.segment();
  if (segment == nullptr) return RINGSIDE_EMPTY;
  const SegmentView& view = *segment;
  switch (ring) {
    case RINGSIDE_RING_TICKS:
      return open_reader(std::move(segment), view.tick_ring(instrument_id), start, sequence,
                         reader);
    case RINGSIDE_RING_BARS:
      return open_reader(std::move(segment), view.bar_ring(instrument_id), start, sequence, reader);
    case RINGSIDE_TAPE_TICKS:
      return open_reader(std::move(segment), view.tick_tape(), start, sequence, reader);
    default:
      return open_reader(std::move(segment), view.bar_tape(), start, sequence, reader);
  }
}

void ringside_reader_close(ringside_reader* reader) noexcept {
  delete reader;
}

int ringside_poll_tick(ringside_reader* reader, ringside_tick* out) noexcept {
  return poll_one<TickRecord>(reader, out);
}
int ringside_poll_bar(ringside_reader* reader, ringside_bar* out) noexcept {
  return poll_one<BarRecord>(reader, out);
}
int ringside_poll_ticks(ringside_reader* reader, ringside_tick* out, std::size_t room,
                        std::size_t* count) noexcept {
  return poll_many<TickRecord>(reader, out, room, count);
}
int ringside_poll_bars(ringside_reader* reader, ringside_bar* out, std::size_t room,
                       std::size_t* count) noexcept {
  return poll_many<BarRecord>(reader, out, room, count);
}

int ringside_peek(ringside_reader* reader, const void** record) noexcept {
  if (reader == nullptr || record == nullptr) return fail_reader("peek: a null pointer");
  *record = nullptr;
  return with_place(*reader, [&](auto& place) -> int {
    const ReadStatus status = place.ring.visit(place.peeked);
    place.is_peeked = status == ReadStatus::ok;
    const std::uint64_t slot = place.peeked.sequence() & (place.view.slot_count - 1);
    if (place.is_peeked) *record = &place.view.slots[slot];
    return static_cast<int>(status);
  });
}

int ringside_still_valid(const ringside_reader* reader) noexcept {
  if (reader == nullptr) return fail_reader("still_valid: no reader");
  return with_place(*reader, [](const auto& place) -> int {
    if (!place.is_peeked) return fail_reader("still_valid: nothing was peeked at");
    return place.peeked.still_valid() ? RINGSIDE_OK : RINGSIDE_LAPPED;
  });
}

int ringside_take(ringside_reader* reader) noexcept {
  if (reader == nullptr) return fail_reader("take: no reader");
  return with_place(*reader, [](auto& place) -> int {
    if (!place.is_peeked) return fail_reader("take: nothing was peeked at");
    place.is_peeked = false;
    return place.ring.take(place.peeked) ? RINGSIDE_OK : RINGSIDE_LAPPED;
  });
}

int ringside_has_news(const ringside_reader* reader) noexcept {
  if (reader == nullptr) return 0;
  return with_place(*reader,
                    [](const auto& place) -> int { return place.ring.has_news() ? 1 : 0; });
}

int ringside_settle(ringside_reader* reader) noexcept {
  if (reader == nullptr) return fail_reader("settle: no reader");
  return with_place(*reader, [](auto& place) -> int {
    place.is_peeked = false;
    return place.ring.settle_torn() ? RINGSIDE_OK : RINGSIDE_EMPTY;
  });
}

int ringside_account(const ringside_reader* reader, ringside_receipt* receipt) noexcept {
  if (reader == nullptr || receipt == nullptr) return fail_reader("account: a null pointer");
  return with_place(*reader, [&](const auto& place) -> int {
    const Receipt now = place.ring.receipt();
    *receipt = {now.start, now.received, now.lost, now.pending, now.published, place.ring.torn()};
    return RINGSIDE_OK;
  });
}

int ringside_ring_memory(const ringside_reader* reader, const void** memory,
                         std::uint64_t* slot_count, std::uint32_t* record_bytes) noexcept {
  if (reader == nullptr || memory == nullptr || slot_count == nullptr || record_bytes == nullptr) {
    return fail_reader("ring_memory: a null pointer");
  }
  return with_place(*reader, [&](const auto& place) -> int {
    *memory = place.view.slots;
    *slot_count = place.view.slot_count;
    *record_bytes = static_cast<std::uint32_t>(sizeof(*place.view.slots));
    return RINGSIDE_OK;
  });
}

int ringside_prefault(const ringside_reader* reader) noexcept {
  if (reader == nullptr) return fail_reader("prefault: no reader");
  return with_place(*reader, [&](const auto& place) -> int {
    return reader->segment->prefault(place.view) ? RINGSIDE_OK : RINGSIDE_EMPTY;
  });
}
