// Owns what passes between a feed's thread and its control thread: wishes one way, answers and log
// lines the other. Three bounded queues; the feed's thread never waits on them.
#pragma once

#include <cstdint>
#include <string_view>

#include "decoded.hpp"
#include "ringside/base/log.hpp"
#include "ringside/shm/control_server.hpp"
#include "spsc.hpp"

namespace ringside::feed {

/// control -> feed
struct Command {
  SymbolText symbol;
  std::uint32_t kinds = 0;  // shm::Want bits; of a want: those that nobody wanted until now
  std::uint32_t token = 0;  // of a want: comes back in the answer
  bool is_want = false;
};

/// feed -> control
struct Answer {
  shm::SymbolAnswer symbol;
  std::uint32_t token = 0;
};

/// feed -> control: one line for the log.
struct Notice {
  log::Level level = log::Level::info;
  std::uint8_t length = 0;
  char text[230] = {};

  [[nodiscard]] std::string_view view() const noexcept { return {text, length}; }
};

struct FeedLink {
  SpscQueue<Command, 1024> commands;
  SpscQueue<Answer, 64> answers;
  SpscQueue<Notice, 64> notices;
};

}  // namespace ringside::feed
