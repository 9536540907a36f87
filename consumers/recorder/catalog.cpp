#include "catalog.hpp"

#include <sqlite3.h>

namespace ringside::recorder {
namespace {

// Times are ns UTC. NULL is what is not known: records of a cut file, a gap nobody could count.
constexpr const char* schema_sql = R"(
CREATE TABLE IF NOT EXISTS files(
  path TEXT PRIMARY KEY, feed TEXT NOT NULL, dataset TEXT NOT NULL, schema TEXT NOT NULL,
  epoch INTEGER NOT NULL, state TEXT NOT NULL, ts_first INTEGER NOT NULL, ts_last INTEGER,
  sequence_first INTEGER NOT NULL, sequence_last INTEGER,
  records INTEGER, records_lost INTEGER, bytes INTEGER) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS files_by_time ON files(feed, schema, ts_first);
CREATE TABLE IF NOT EXISTS gaps(
  id INTEGER PRIMARY KEY, feed TEXT NOT NULL, epoch INTEGER NOT NULL, kind TEXT NOT NULL,
  ts_begin INTEGER NOT NULL, ts_end INTEGER NOT NULL, count INTEGER);
PRAGMA user_version = 1;
UPDATE files SET state = 'cut' WHERE state = 'open';
)";

void bind(sqlite3_stmt* statement, int at, const std::string& text) noexcept {
  // A failed bind leaves NULL, which the NOT NULL of the column turns into an error of the step.
  sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

void bind(sqlite3_stmt* statement, int at, std::uint64_t value) noexcept {
  if (value == count_unknown) {
    sqlite3_bind_null(statement, at);
  } else {
    sqlite3_bind_int64(statement, at, static_cast<sqlite3_int64>(value));
  }
}

}  // namespace

void Catalog::CloseDb::operator()(sqlite3* db) const noexcept {
  sqlite3_close(db);
}
void Catalog::CloseStatement::operator()(sqlite3_stmt* statement) const noexcept {
  sqlite3_finalize(statement);
}

Error Catalog::error(const char* what) const {
  return {ErrorCode::io, 0, std::string("catalog: ") + what + ": " + sqlite3_errmsg(db_.get())};
}

Result<Catalog> Catalog::open(const std::string& path) {
  sqlite3* db = nullptr;
  const int rc =
      sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  Catalog catalog(db);
  if (rc != SQLITE_OK) return catalog.error(path.c_str());
  sqlite3_busy_timeout(db, 5000);
  if (auto status = catalog.execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;");
      !status) {
    return Error{ErrorCode::io, 0, status.error().what + " (" + path + ")"};
  }
  if (auto status = catalog.execute(schema_sql); !status) return status.error();
  auto add_file = catalog.prepare(
      "INSERT OR REPLACE INTO files(path, feed, dataset, schema, epoch, state, ts_first, "
      "sequence_first) VALUES(?1, ?2, ?3, ?4, ?5, 'open', ?6, ?7)");
  if (!add_file) return add_file.error();
  auto finish = catalog.prepare(
      "UPDATE files SET state = ?2, ts_first = ?3, ts_last = ?4, sequence_last = ?5, records = ?6, "
      "records_lost = ?7, bytes = ?8 WHERE path = ?1");
  if (!finish) return finish.error();
  auto add_gap = catalog.prepare(
      "INSERT INTO gaps(feed, epoch, kind, ts_begin, ts_end, count) "
      "VALUES(?1, ?2, ?3, ?4, ?5, ?6)");
  if (!add_gap) return add_gap.error();
  catalog.add_file_ = std::move(*add_file);
  catalog.finish_file_ = std::move(*finish);
  catalog.add_gap_ = std::move(*add_gap);
  return catalog;
}

Status Catalog::execute(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return error("cannot prepare the tables");
}

Result<Catalog::Statement> Catalog::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(db_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) !=
      SQLITE_OK) {
    return error(sql);
  }
  return Statement(statement);
}

Status Catalog::run(Statement& statement) {
  const int rc = sqlite3_step(statement.get());
  Status status;
  if (rc != SQLITE_DONE) status = error("cannot write");
  sqlite3_reset(statement.get());
  sqlite3_clear_bindings(statement.get());
  return status;
}

Status Catalog::add_file(const FileRow& row) {
  sqlite3_stmt* const s = add_file_.get();
  bind(s, 1, row.path);
  bind(s, 2, row.feed);
  bind(s, 3, row.dataset);
  bind(s, 4, row.schema);
  bind(s, 5, row.epoch);
  bind(s, 6, row.ts_first);
  bind(s, 7, row.sequence_first);
  return run(add_file_);
}

Status Catalog::finish_file(const std::string& path, const CloseOrder& order, const char* state) {
  sqlite3_stmt* const s = finish_file_.get();
  bind(s, 1, path);
  bind(s, 2, std::string(state));
  bind(s, 3, order.ts_first);
  bind(s, 4, order.ts_last);
  bind(s, 5, order.sequence_last);
  bind(s, 6, order.records);
  bind(s, 7, order.records_lost);
  bind(s, 8, order.bytes);
  return run(finish_file_);
}

Status Catalog::add_gap(const std::string& feed, const GapOrder& gap) {
  sqlite3_stmt* const s = add_gap_.get();
  bind(s, 1, feed);
  bind(s, 2, gap.epoch);
  bind(s, 3, std::string(to_string(gap.kind)));
  bind(s, 4, gap.ts_begin);
  bind(s, 5, gap.ts_end);
  bind(s, 6, gap.count);
  return run(add_gap_);
}

}  // namespace ringside::recorder
