// Owns one ring in plain memory: its slots, its writer, and the view that readers are made from.
#pragma once

#include <memory>

#include "ringside/shm/ring.hpp"

namespace ringside::test {

template <class Record>
struct RingMemory {
  explicit RingMemory(std::uint32_t slot_count)
      : slots(std::make_unique<shm::Slot<Record>[]>(slot_count)),
        writer(slots.get(), slot_count),
        view{slots.get(), slot_count} {}

  std::unique_ptr<shm::Slot<Record>[]> slots;  // zeroed
  shm::RingWriter<Record> writer;
  shm::RingView<Record> view;
};

}  // namespace ringside::test
