// SQLite as the views use it: a file that others may read at any time, statements with REAL columns, errors as values.
// (The store's own layer, edge/store/sqlite.h, is for a file of one process with the durability that acknowledgements
// need; views can be built again.)
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "edge/bytes/result.h"

namespace tidemark {

enum class ViewsError : std::uint8_t {
  cannot_open,  // no such file, or it cannot be written
  not_ours,     // a file, but not of views, or of a newer version
  rejected,     // what is asked does not fit what the views hold
  gone,         // the beginning of the log, or a part of it, is not there any more
  damaged,      // an event that cannot be read
  failed,       // SQLite: no room, I/O
};

template <typename T>
using Viewed = Result<T, ViewsError>;

class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  /// One that could not be prepared: it fails when it is run.
  explicit Query(std::string why) : statement_(nullptr), why_(std::move(why)) {}
  Query(Query&& other) noexcept
      : statement_(std::exchange(other.statement_, nullptr)), why_(std::move(other.why_)), bound_(other.bound_) {}
  Query& operator=(Query&&) = delete;
  ~Query() { sqlite3_finalize(statement_); }

  Query& bind(std::int64_t value) { return check(sqlite3_bind_int64(statement_, ++bound_, value)); }
  Query& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
  Query& bind(std::uint32_t value) { return bind(std::int64_t{value}); }
  Query& bind(std::optional<double> value) {
    return check(value ? sqlite3_bind_double(statement_, ++bound_, *value) : sqlite3_bind_null(statement_, ++bound_));
  }
  Query& bind_null() { return check(sqlite3_bind_null(statement_, ++bound_)); }
  /// Text and blobs must live until the query has run.
  Query& bind(std::string_view text) {
    return check(sqlite3_bind_text64(statement_, ++bound_, text.empty() ? "" : text.data(), text.size(), SQLITE_STATIC,
                                     SQLITE_UTF8));
  }
  Query& bind_blob(std::string_view bytes) {
    return check(
        sqlite3_bind_blob64(statement_, ++bound_, bytes.empty() ? "" : bytes.data(), bytes.size(), SQLITE_STATIC));
  }

  /// True: there is a row. At the end, and on a failure, the query is ready to be bound again.
  Viewed<bool> next();
  /// Runs to the end.
  Viewed<void> run();
  /// Calls `row` for each row, to the end or to the first failure that it returns. `row` takes nothing and returns
  /// nothing, or Viewed<void>.
  template <typename Row>
  Viewed<void> each(Row&& row);
  /// Makes the query ready to be bound again before its end.
  void reset() {
    sqlite3_reset(statement_);
    bound_ = 0;
  }

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  /// Valid until the next call of `next`.
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  Query& check(int code);

  sqlite3_stmt* statement_;
  std::string why_;
  int bound_ = 0;
};

template <typename Row>
Viewed<void> Query::each(Row&& row) {
  for (;;) {
    const auto more = next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    if constexpr (std::is_void_v<decltype(row())>) {
      row();
    } else if (Viewed<void> done = row(); !done) {
      reset();
      return done;
    }
  }
}

class Database {
 public:
  enum class Mode : std::uint8_t { read, write };
  static Viewed<std::unique_ptr<Database>> open(const std::string& path, Mode mode);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() { sqlite3_close(handle_); }

  Viewed<void> execute(const char* sql);
  Query prepare(const char* sql);

 private:
  explicit Database(sqlite3* handle) : handle_(handle) {}
  sqlite3* handle_;
};

}  // namespace tidemark
