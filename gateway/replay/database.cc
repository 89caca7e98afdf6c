#include "gateway/replay/database.h"

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

// How long a writer waits for another one: readers never stand in its way (WAL).
constexpr int kBusyMilliseconds = 10'000;

const char* remedy(int code) {
  switch (code) {
    case SQLITE_FULL:
      return "Make room and start again: it goes on from there";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "Another process has the file open: let that one end, or name another file";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
      return "SQLite writes beside the file even to read it: give this user write permission to it and its folder";
    case SQLITE_CORRUPT:
      return "The file is damaged: delete it and replay the log";
    default:
      return "See whether the disk is full or fails; the file may be deleted, and is made again from the log";
  }
}

tl::unexpected<Failure<ViewsError>> failed(sqlite3* handle) {
  const char* name = sqlite3_db_filename(handle, "main");
  const int code = sqlite3_errcode(handle);
  const std::string context = std::string(name == nullptr ? "views" : name) + ": " + sqlite3_errmsg(handle);
  if (code == SQLITE_NOTADB) return fail(ViewsError::not_ours, context + "; choose another file for the views");
  return fail(ViewsError::failed, context + "; the views stand at their last commit. " + remedy(code));
}

}  // namespace

Viewed<bool> Query::next() {
  if (statement_ == nullptr) return fail(ViewsError::failed, why_);
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = failed(sqlite3_db_handle(statement_));
  reset();
  return error;
}

Viewed<void> Query::run() {
  return each([] {});
}

std::string_view Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view{}
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

// Binding fails only for a wrong index, a statement in use or a blob past SQLite's limit of a billion bytes.
Query& Query::check(int code) {
  TIDEMARK_ASSERT(statement_ == nullptr || code == SQLITE_OK);
  return *this;
}

Viewed<std::unique_ptr<Database>> Database::open(const std::string& path, Mode mode) {
  const int flags = mode == Mode::read ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code != SQLITE_OK) {
    const std::string why = handle == nullptr ? "out of memory" : sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return fail(ViewsError::cannot_open,
                path + ": " + why +
                    (mode == Mode::read ? "; `tidemark replay --views " + path + "` makes it from a log"
                                        : "; name a file in a folder that is there and may be written"));
  }
  sqlite3_busy_timeout(handle, kBusyMilliseconds);
  return std::unique_ptr<Database>(new Database(handle));
}

Viewed<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return {};
  return failed(handle_);
}

Query Database::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return Query(failed(handle_).value().context);
  return Query(statement);
}

}  // namespace tidemark
