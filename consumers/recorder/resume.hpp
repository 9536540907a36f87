// Owns finding out what an earlier run of the recorder has already written of an epoch that is
// still alive, so that a restart repeats nothing and misses nothing the tape still holds. Off the
// path, before capture begins; allocates and reads files.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dbn.hpp"
#include "ringside/base/result.hpp"

namespace ringside::recorder {

/// The end of what is written of one tick schema: records are in tape order, so everything before
/// ts_last is there, and `count_at_last` records of ts_last itself.
struct TickResume {
  std::uint64_t ts_last = 0;  // 0: nothing is written
  std::uint64_t count_at_last = 0;
};

/// Which bars are written: sorted keys of (window start, instrument).
struct BarResume {
  using Key = std::pair<std::uint64_t, std::uint32_t>;  // window start, instrument
  std::vector<Key> keys;
  [[nodiscard]] bool has(const Key& key) const noexcept;
};

/// What identifies one schema's files of one epoch below the recorder's folder.
struct ResumeQuery {
  std::string dir;
  std::string dataset;
  std::string feed;
  std::uint64_t epoch = 0;
  dbn::Schema schema = dbn::Schema::trades;
};

/// Errors of both  io: a folder or file cannot be read. A file that is cut is read to its last
/// whole record; one that is damaged, to the damage.
[[nodiscard]] Result<TickResume> find_tick_resume(const ResumeQuery& query);
/// Looks at the newest two files: a tape does not reach further back.
[[nodiscard]] Result<BarResume> find_bar_resume(const ResumeQuery& query);

}  // namespace ringside::recorder
