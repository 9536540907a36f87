#include "keeper.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "dbn_metadata.hpp"
#include "receipt.hpp"
#include "ringside/base/log.hpp"

namespace ringside::recorder {
namespace {

constexpr int names_max = 1000;  // files of one feed, schema, span and epoch
constexpr int idle_ms = 100;     // a lost wake-up costs no more than this
constexpr mode_t file_mode = 0640;
constexpr std::size_t head_bytes = dbn::prelude_bytes + dbn::metadata_bytes_min;

Status make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error) return {};
  return Error{error.value() == EACCES ? ErrorCode::permission : ErrorCode::io, error.value(),
               "cannot create folder " + path};
}

struct NewFile {
  int fd = -1;
  std::string path;  // below the recorder's folder
};

std::string joined(const std::string& dir, const std::string& path) {
  std::string whole = dir;
  whole.append("/").append(path);
  return whole;
}

/// "<stem>-007<suffix>": names sort in the order in which files were begun.
std::string numbered(const std::string& stem, int n, const char* suffix) {
  const std::string digits = std::to_string(n);
  std::string name = stem;
  name.append("-").append(3 - digits.size(), '0').append(digits).append(suffix);
  return name;
}

/// Creates the first numbered name that is not there: nothing old is ever overwritten.
Result<NewFile> create_new(const std::string& dir, const std::string& stem, const char* suffix) {
  for (int n = 0; n < names_max; ++n) {
    std::string path = numbered(stem, n, suffix);
    const std::string whole = joined(dir, path);
    const int fd =
        ::open(whole.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode);
    if (fd >= 0) return NewFile{fd, std::move(path)};
    if (errno != EEXIST) return sys_error(ErrorCode::io, "cannot create " + whole);
  }
  return Error{ErrorCode::io, EEXIST, "too many files named " + stem};
}

Status write_all(int fd, const void* data, std::size_t bytes, std::uint64_t at,
                 const std::string& path) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t put = ::pwrite(fd, static_cast<const char*>(data) + done, bytes - done,
                                 static_cast<off_t>(at + done));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return sys_error(ErrorCode::io, "cannot write " + path);
    done += static_cast<std::size_t>(put);
  }
  return {};
}

/// Writes a text under the first free name, which it gets only once it is whole and durable.
Result<std::string> put_whole(const std::string& dir, const std::string& stem, const char* suffix,
                              const std::string& text) {
  std::string draft = joined(dir, stem);
  draft.append(suffix).append(".part");
  const UniqueFd fd(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode));
  if (!fd) return sys_error(ErrorCode::io, "cannot create " + draft);
  if (auto status = write_all(fd.get(), text.data(), text.size(), 0, draft); !status) {
    return status.error();
  }
  if (::fsync(fd.get()) != 0) return sys_error(ErrorCode::io, "cannot sync " + draft);
  for (int n = 0; n < names_max; ++n) {
    std::string path = numbered(stem, n, suffix);
    const std::string whole = joined(dir, path);
    if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, whole.c_str(), RENAME_NOREPLACE) == 0) {
      return path;
    }
    if (errno != EEXIST) return sys_error(ErrorCode::io, "cannot name " + whole);
  }
  return Error{ErrorCode::io, EEXIST, "too many files named " + stem};
}

Status sync_folder(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return sys_error(ErrorCode::io, "cannot sync " + path);
  return {};
}

}  // namespace

bool FeedLink::send(const Order& order) noexcept {
  if (!orders.try_push(order)) return false;
  const std::uint64_t one = 1;
  // A full counter or an interrupted write costs nothing: the keeper looks by itself every 100 ms.
  [[maybe_unused]] const ssize_t put = ::write(wake_fd, &one, sizeof(one));
  return true;
}

UtcText utc_text(std::uint64_t ts) noexcept {
  using std::chrono::days;
  using std::chrono::seconds;
  const std::chrono::sys_seconds at{seconds(static_cast<std::int64_t>(ts / 1'000'000'000U))};
  const auto day = std::chrono::floor<days>(at);
  const std::chrono::year_month_day date(day);
  const auto second = static_cast<unsigned>((at - day).count());
  UtcText out{};
  std::snprintf(out.date, sizeof(out.date), "%04u%02u%02u",
                static_cast<unsigned>(static_cast<int>(date.year())) % 10'000U,
                static_cast<unsigned>(date.month()) % 100U,
                static_cast<unsigned>(date.day()) % 100U);
  std::snprintf(out.time, sizeof(out.time), "%02u%02u%02u", second / 3600U % 100U,
                second / 60U % 60U, second % 60U);
  return out;
}

Result<std::unique_ptr<Keeper>> Keeper::open(const std::string& dir) {
  if (auto status = make_folder(dir + "/receipts"); !status) return status.error();
  auto lock = LockFile::acquire(dir + "/recorder.lock");
  if (!lock) return lock.error();
  auto catalog = Catalog::open(dir + "/catalog.sqlite");
  if (!catalog) return catalog.error();
  UniqueFd wake(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!wake) return sys_error(ErrorCode::memory, "recorder: no eventfd");
  return std::unique_ptr<Keeper>(
      new Keeper(dir, std::move(*lock), std::move(*catalog), std::move(wake)));
}

Keeper::Keeper(std::string dir, LockFile lock, Catalog catalog, UniqueFd wake)
    : dir_(std::move(dir)),
      lock_(std::move(lock)),
      catalog_(std::move(catalog)),
      wake_(std::move(wake)) {}

Keeper::~Keeper() {
  stop();
}

FeedLink& Keeper::add_feed(std::string feed, std::string dataset) {
  RINGSIDE_ASSERT(!thread_.joinable());
  feeds_.push_back(
      {std::make_unique<FeedLink>(std::move(feed), std::move(dataset), wake_.get()), {}});
  return *feeds_.back().link;
}

void Keeper::start() {
  thread_ = std::thread([this] { run(); });
}

void Keeper::stop() {
  if (!thread_.joinable()) return;
  is_stopping_.store(true, std::memory_order_release);  // pairs with run(): orders came before
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t put = ::write(wake_.get(), &one, sizeof(one));
  thread_.join();
}

void Keeper::run() {
  for (;;) {
    const bool is_last = is_stopping_.load(std::memory_order_acquire);  // pairs with stop()
    bool is_busy = true;
    while (is_busy) {
      is_busy = false;
      for (Feed& feed : feeds_) is_busy = serve(feed) || is_busy;
    }
    if (is_last) return;
    pollfd wait{.fd = wake_.get(), .events = POLLIN, .revents = 0};
    ::poll(&wait, 1, idle_ms);
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t got = ::read(wake_.get(), &count, sizeof(count));
  }
}

bool Keeper::serve(Feed& feed) {
  Order order;
  if (!feed.link->orders.try_pop(order)) return false;
  std::visit([this, &feed](const auto& what) { on_order(feed, what); }, order);
  return true;
}

void Keeper::check(const Status& status) {
  if (status.ok()) return;
  errors_.fetch_add(1, std::memory_order_relaxed);  // relaxed: a counter orders nothing
  log::warn("{}", status.error().message());
}

void Keeper::on_order(Feed& feed, const OpenOrder& order) {
  const UtcText span = utc_text(order.ts_span);
  const std::string schema = dbn::schema_name(order.schema);
  const std::string folder = feed.link->dataset + "/" + schema + "/" + span.date;
  OpenReply reply{.slot = order.slot};
  OpenFile file{{}, schema, order.epoch, order.sequence_first};
  Status status = make_folder(dir_ + "/" + folder);
  if (status.ok()) {
    auto created = create_new(
        dir_, folder + "/" + feed.link->feed + "-" + span.time + "-" + std::to_string(order.epoch),
        ".dbn");
    if (created) {
      reply.fd = created->fd;
      file.path = std::move(created->path);
    } else {
      status = created.error();
    }
  }
  if (!status.ok()) {
    reply.sys_errno = status.error().sys_errno != 0 ? status.error().sys_errno : EIO;
    check(status);
  } else {
    open_[reply.fd] = file;
  }
  // Never full: a slot has at most one order on its way, and there are fewer slots than places.
  RINGSIDE_ASSERT(feed.link->replies.try_push(reply));
  if (reply.fd < 0) return;
  check(sync_folder(dir_ + "/" + folder));  // the name must survive a power cut, too
  check(catalog_.add_file({.path = file.path,
                           .feed = feed.link->feed,
                           .dataset = feed.link->dataset,
                           .schema = schema,
                           .epoch = order.epoch,
                           .ts_first = order.ts_first,
                           .sequence_first = order.sequence_first}));
}

/// Patches start and end, cuts what is not good, makes it durable.
Status Keeper::finish(const OpenFile& file, const CloseOrder& order) {
  const std::string path = dir_ + "/" + file.path;
  if (::ftruncate(order.fd, static_cast<off_t>(order.bytes)) != 0) {
    return sys_error(ErrorCode::io, "cannot cut " + path);
  }
  const std::array<std::uint64_t, 2> span{order.ts_first, order.ts_last + 1};
  static_assert(dbn::end_offset == dbn::start_offset + sizeof(std::uint64_t));
  if (auto status = write_all(order.fd, span.data(), sizeof(span), dbn::start_offset, path);
      !status) {
    return status;
  }
  if (::fsync(order.fd) != 0) return sys_error(ErrorCode::io, "cannot sync " + path);
  return sync_folder(std::filesystem::path(path).parent_path().string());
}

void Keeper::on_order(Feed& feed, const CloseOrder& order) {
  const auto found = open_.find(order.fd);
  RINGSIDE_ASSERT(found != open_.end());
  const OpenFile file = found->second;
  open_.erase(found);
  const char* state = order.sys_errno == 0 ? "closed" : "failed";
  if (order.bytes < head_bytes) {
    // The disk took not even the head: a file that says nothing would only be in the way.
    if (::unlink((dir_ + "/" + file.path).c_str()) != 0) {
      check(sys_error(ErrorCode::io, "cannot remove " + file.path));
    }
    state = "removed";
  } else {
    const Status status = finish(file, order);
    if (!status.ok()) state = "failed";
    check(status);
    feed.done.push_back({file, order});
  }
  ::close(order.fd);
  if (order.sys_errno != 0) {
    check(
        Error{ErrorCode::io, order.sys_errno,
              file.path + " ended early, " + std::to_string(order.records_lost) + " records lost"});
  }
  check(catalog_.finish_file(file.path, order, state));
}

void Keeper::on_order(Feed& feed, const GapOrder& order) {
  log::debug("gap in {}: {}, {} records", feed.link->feed, to_string(order.kind),
             order.count == count_unknown ? "unknown" : std::to_string(order.count));
  check(catalog_.add_gap(feed.link->feed, order));
}

void Keeper::on_order(Feed& feed, const ReceiptOrder& order) {
  std::erase_if(feed.done, [&order](const DoneFile& done) {
    return done.file.epoch != order.epoch;  // an earlier one's, which has its receipt
  });
  std::vector<ReceiptFile> files;
  files.reserve(feed.done.size());
  for (const DoneFile& done : feed.done) {
    files.push_back({done.file.path, done.file.schema, done.file.sequence_first, done.facts});
  }
  const std::string text = receipt_text(feed.link->feed, feed.link->dataset, order, files);
  const std::string stem = "receipts/" + feed.link->feed + "-" + std::to_string(order.epoch);
  auto path = put_whole(dir_, stem, ".json", text);
  if (!path) {
    check(path.error());
    return;
  }
  log::info("receipt {}: received {}, lost {}, written {}, dropped {}", *path,
            order.ticks.received + order.bars.received, order.ticks.lost + order.bars.lost,
            order.ticks.written + order.bars.written, order.ticks.dropped + order.bars.dropped);
}

}  // namespace ringside::recorder
