// A thin RAII layer over SQLite's C API: a connection, its prepared statements, and errors as values. Nothing here
// knows what is stored.
//
// Ownership: a Statement belongs to the Connection it was prepared on and must not outlive it. Concurrency: one thread.
// After `Connection::abandon` nothing is finalized or closed: see there.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "edge/bytes/result.h"

namespace tidemark::sqlite {

/// What the store tells apart of SQLite's result codes.
enum class Error : std::uint8_t {
  busy,            // another process holds a lock
  full,            // disk full or over quota, met by a write
  corrupt,         // SQLITE_CORRUPT: a page does not say what its b-tree needs
  not_a_database,  // SQLITE_NOTADB
  read_only,       // the file or its folder cannot be written
  cannot_open,     // SQLITE_CANTOPEN for any other reason
  constraint,      // a row that the schema does not allow
  other,           // I/O errors, out of memory, misuse
};

/// Whether the file may be damaged: a row in the way of a new one, or without what it must have, is as telling as what
/// SQLite calls corrupt.
constexpr bool is_damage(Error error) {
  return error == Error::corrupt || error == Error::constraint;
}

template <typename T>
using Outcome = Result<T, Error>;

/// Parameters of a statement. Views need to live only until the statement has been reset.
struct Blob {
  std::string_view bytes;
};
struct Text {
  std::string_view text;
};
struct Null {};

class Connection;

/// A statement's rows. Resets the statement when it goes out of scope, so that no read transaction stays open.
class Rows {
 public:
  explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  ~Rows();

  /// True: there is a row, readable until the next call.
  Outcome<bool> next();

  [[nodiscard]] std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  [[nodiscard]] std::uint64_t natural(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  /// Bytes of a BLOB or TEXT, valid until the next call of `next`.
  [[nodiscard]] std::string_view bytes(int column) const;

 private:
  sqlite3_stmt* statement_;
};

class Statement {
 public:
  Statement() = default;
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  /// Runs to the end.
  template <typename... Values>
  Outcome<void> execute(const Values&... values) {
    bind_all(values...);
    return run();
  }

  template <typename... Values>
  Rows query(const Values&... values) {
    bind_all(values...);
    return Rows(statement_);
  }

 private:
  friend class Connection;
  Statement(const Connection* connection, sqlite3_stmt* statement) : connection_(connection), statement_(statement) {}

  template <typename... Values>
  void bind_all(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
  }
  void bind(int index, std::int64_t value);
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, std::uint32_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, Blob value);
  void bind(int index, Text value);
  void bind(int index, Null);
  Outcome<void> run();

  const Connection* connection_ = nullptr;
  sqlite3_stmt* statement_ = nullptr;
};

class Connection {
 public:
  /// Opens for reading and writing; `vfs` empty: the platform's own. The file is made if it is not there.
  static Outcome<std::unique_ptr<Connection>> open(const std::string& path, const std::string& vfs);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  /// Statements without parameters or results, separated by semicolons.
  Outcome<void> execute(const char* sql);
  Outcome<Statement> prepare(const char* sql);
  Outcome<void> prepare_all(std::initializer_list<std::pair<Statement*, const char*>> statements);
  /// The first column of the first row; 0 if there is none.
  Outcome<std::int64_t> integer(const char* sql);

  /// Undoes an open transaction, if there is one (some errors have already undone it).
  Outcome<void> rollback();

  /// Runs a checkpoint of `mode` (SQLITE_CHECKPOINT_...). It is an error if anything is left in the WAL.
  Outcome<void> checkpoint(int mode);

  /// Whether closing checkpoints and removes the WAL. Off after `open`: a checkpoint's errors would be swallowed there.
  void checkpoint_on_close(bool on);

  [[nodiscard]] bool read_only() const { return sqlite3_db_readonly(handle_, "main") == 1; }
  /// Frames in the WAL that no checkpoint has moved yet, as of the last commit.
  [[nodiscard]] std::uint64_t wal_frames() const { return wal_frames_; }
  /// Of the main file, as the file system has it; 0 if it cannot be told.
  [[nodiscard]] std::uint64_t file_bytes() const;

  /// Gives the handle up after an I/O error: from now on neither it nor its statements are finalized, rolled back or
  /// closed, because a close may checkpoint pages that were never written. The memory is lost until the process ends.
  void abandon();
  [[nodiscard]] bool abandoned() const { return abandoned_; }

 private:
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  static int on_commit(void* self, sqlite3*, const char*, int frames);

  sqlite3* handle_;
  std::uint64_t wal_frames_ = 0;
  bool abandoned_ = false;
};

/// Frees the handles given up in this process. Only for tests, whose VFS is dead by then; returns how many there were.
std::size_t close_abandoned();

}  // namespace tidemark::sqlite
