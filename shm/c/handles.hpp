// Owns what is behind the C handles, and the error text of each thread. Included by the files of
// shm/c only. A handle belongs to one thread at a time; see ringside.h.
#pragma once

#include <cstring>
#include <memory>
#include <string_view>
#include <variant>

#include "ringside.h"
#include "ringside/shm/feed_client.hpp"

struct ringside_feed {
  ringside::shm::FeedClient client;
};

namespace ringside::shm {

/// A reader's place and the record it peeks at.
template <SlotRecord Record>
struct Place {
  explicit Place(const RingReader<Record>& reader, const RingView<Record>& place) noexcept
      : ring(reader), view(place) {}
  RingReader<Record> ring;
  RingView<Record> view;
  Visit<Record> peeked;
  bool is_peeked = false;
};

}  // namespace ringside::shm

struct ringside_reader {
  template <class Place>
  ringside_reader(std::shared_ptr<const ringside::shm::SegmentView> mapped, Place&& begin) noexcept
      : segment(std::move(mapped)), place(std::forward<Place>(begin)) {}

  std::shared_ptr<const ringside::shm::SegmentView> segment;  // keeps the memory mapped
  std::variant<ringside::shm::Place<ringside::shm::TickRecord>,
               ringside::shm::Place<ringside::shm::BarRecord>>
      place;
};

namespace ringside::shm::c {

/// Keeps `text` as this thread's last error and returns the negative of its exit code. Does not
/// allocate; a longer text is cut.
int fail(ErrorCode code, std::string_view text) noexcept;
int fail(const Error& error) noexcept;

/// Copies the part of a growing struct that the caller knows of; `size`, its first field, stays.
template <class Struct>
void copy_known(Struct* out, const Struct& from) noexcept {
  const std::size_t known = out->size < sizeof(Struct) ? out->size : sizeof(Struct);
  std::memcpy(reinterpret_cast<char*>(out) + sizeof(out->size),
              reinterpret_cast<const char*>(&from) + sizeof(out->size), known - sizeof(out->size));
}

}  // namespace ringside::shm::c
