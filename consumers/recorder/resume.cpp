#include "resume.hpp"

#include <algorithm>
#include <filesystem>
#include <functional>

#include "dbn_reader.hpp"

namespace ringside::recorder {
namespace {

namespace fs = std::filesystem;

/// The schema's files of that epoch, newest first: <YYYYMMDD>/<feed>-<HHMMSS>-<epoch>-<nnn>.dbn
/// sorts by time and by the order in which files of one span were begun.
Result<std::vector<std::string>> files_of(const ResumeQuery& query) {
  std::vector<std::string> paths;
  const fs::path root = fs::path(query.dir) / query.dataset / dbn::schema_name(query.schema);
  std::error_code error;
  constexpr std::size_t time_chars = 6;
  const std::string feed = query.feed + "-";
  const std::string epoch = "-" + std::to_string(query.epoch) + "-";
  for (fs::recursive_directory_iterator it(root, error), end; !error && it != end;
       it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(feed) || !name.ends_with(".dbn")) continue;
    if (name.size() < feed.size() + time_chars) continue;
    if (!name.substr(feed.size() + time_chars).starts_with(epoch)) continue;
    paths.push_back(it->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return Error{ErrorCode::io, error.value(), "cannot look through " + root.string()};
  }
  std::sort(paths.begin(), paths.end(), std::greater<>());
  return paths;
}

/// Hands every data record of a file to `take`; what is cut or damaged ends it.
template <class Take>
void for_each_record(const std::string& path, Take&& take) {
  auto reader = dbn::DbnReader::open(path);
  if (!reader) return;  // not even its head was written: it holds nothing
  dbn::RecordView view;
  for (;;) {
    auto next = reader->next(view);
    if (!next || *next != dbn::NextRecord::record) return;
    take(view);
  }
}

/// A record whose time was raised to keep the file sorted is not found by it again.
void count(TickResume& resume, std::uint64_t ts, std::uint8_t flags) noexcept {
  if (ts > resume.ts_last) resume = {ts, 0};
  if ((flags & dbn::flag_bad_ts_recv) == 0) ++resume.count_at_last;
}

}  // namespace

bool BarResume::has(const Key& key) const noexcept {
  return std::binary_search(keys.begin(), keys.end(), key);
}

Result<TickResume> find_tick_resume(const ResumeQuery& query) {
  auto files = files_of(query);
  if (!files) return files.error();
  TickResume resume;
  for (const std::string& path : *files) {
    for_each_record(path, [&resume](const dbn::RecordView& view) {
      if (view.header.rtype == dbn::Rtype::trade) {
        const auto trade = view.as<dbn::TradeMsg>();
        count(resume, trade.ts_recv, trade.flags);
      } else if (view.header.rtype == dbn::Rtype::cmbp_1) {
        const auto quote = view.as<dbn::Cmbp1Msg>();
        count(resume, quote.ts_recv, quote.flags);
      }
    });
    if (resume.ts_last != 0) break;  // older files hold older records
  }
  return resume;
}

Result<BarResume> find_bar_resume(const ResumeQuery& query) {
  constexpr std::size_t files_max = 2;
  auto files = files_of(query);
  if (!files) return files.error();
  BarResume resume;
  for (std::size_t i = 0; i < std::min(files->size(), files_max); ++i) {
    for_each_record((*files)[i], [&resume](const dbn::RecordView& view) {
      if (view.header.rtype != dbn::Rtype::ohlcv_1s && view.header.rtype != dbn::Rtype::ohlcv_1m) {
        return;
      }
      resume.keys.push_back({view.header.ts_event, view.header.instrument_id});
    });
  }
  std::sort(resume.keys.begin(), resume.keys.end());
  return resume;
}

}  // namespace ringside::recorder
