// Owns the catalog: an SQLite database (WAL) beside the recordings that says which files there are,
// what lies in them, and what is missing. Used by the keeper's thread only; allocates and waits for
// the disk. Without it every file is still readable by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "orders.hpp"
#include "ringside/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ringside::recorder {

/// One file as the catalog knows it.
struct FileRow {
  std::string path;  // below the recorder's folder
  std::string feed;
  std::string dataset;
  std::string schema;
  std::uint64_t epoch = 0;
  std::uint64_t ts_first = 0;
  std::uint64_t sequence_first = 0;
};

class Catalog {
 public:
  /// Opens or creates the database and its tables. Files that an earlier run left open get the
  /// state `cut`.
  /// Errors  io: SQLite's own words and the path.
  [[nodiscard]] static Result<Catalog> open(const std::string& path);
  Catalog(Catalog&&) noexcept = default;
  Catalog& operator=(Catalog&&) noexcept = default;

  /// Errors of all three  io: SQLite's own words.
  [[nodiscard]] Status add_file(const FileRow& row);
  /// `state`: closed, failed (the disk refused the rest), removed (nothing was in it).
  [[nodiscard]] Status finish_file(const std::string& path, const CloseOrder& order,
                                   const char* state);
  [[nodiscard]] Status add_gap(const std::string& feed, const GapOrder& gap);

 private:
  struct CloseDb {
    void operator()(sqlite3* db) const noexcept;
  };
  struct CloseStatement {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, CloseStatement>;

  explicit Catalog(sqlite3* db) : db_(db) {}
  [[nodiscard]] Status execute(const char* sql);
  [[nodiscard]] Result<Statement> prepare(const char* sql);
  [[nodiscard]] Status run(Statement& statement);
  [[nodiscard]] Error error(const char* what) const;

  std::unique_ptr<sqlite3, CloseDb> db_;  // statements below go first
  Statement add_file_;
  Statement finish_file_;
  Statement add_gap_;
};

}  // namespace ringside::recorder
