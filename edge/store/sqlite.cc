#include "edge/store/sqlite.h"

#include <cerrno>
#include <vector>

#include "edge/bytes/assert.h"

namespace tidemark::sqlite {
namespace {

// Handles given up stay reachable from here: they are kept on purpose, not forgotten.
std::vector<sqlite3*>& abandoned_handles() {
  static std::vector<sqlite3*> handles;
  return handles;
}

bool out_of_room(int system_error) {
  return system_error == ENOSPC || system_error == EDQUOT;
}

Error error_of(int extended_code, int system_error) {
  switch (extended_code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error::busy;
    case SQLITE_FULL:
      return Error::full;
    case SQLITE_CORRUPT:
      return Error::corrupt;
    case SQLITE_NOTADB:
      return Error::not_a_database;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Error::read_only;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return Error::constraint;
    case SQLITE_CANTOPEN:
      if (out_of_room(system_error)) return Error::full;
      if (system_error == EACCES || system_error == EROFS || system_error == EPERM) return Error::read_only;
      return system_error == EISDIR ? Error::not_a_database : Error::cannot_open;
    case SQLITE_IOERR:
      // SQLite says SQLITE_FULL for ENOSPC only. A quota is the same to us, as long as it was a write that met it:
      // after a failed fsync nobody knows what is on the disk.
      if (extended_code == SQLITE_IOERR_WRITE && out_of_room(system_error)) return Error::full;
      return Error::other;
    default:
      return Error::other;
  }
}

tl::unexpected<Failure<Error>> failure(sqlite3* handle, int code) {
  const int extended = sqlite3_extended_errcode(handle);
  // Some calls return a code without storing it in the handle.
  const int told = (extended & 0xff) == (code & 0xff) ? extended : code;
  std::string context = sqlite3_errstr(told);
  if (const char* message = sqlite3_errmsg(handle); told == extended && message != nullptr && context != message) {
    context += std::string(": ") + message;
  }
  return fail(error_of(told, sqlite3_system_errno(handle)), context + " (SQLite " + std::to_string(told) + ")");
}

}  // namespace

Rows::~Rows() {
  sqlite3_reset(statement_);
}

Outcome<bool> Rows::next() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return failure(sqlite3_db_handle(statement_), code);
}

std::string_view Rows::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view{}
                         : std::string_view(static_cast<const char*>(data), static_cast<std::size_t>(size));
}

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  std::swap(connection_, other.connection_);
  std::swap(statement_, other.statement_);
  return *this;
}

Statement::~Statement() {
  if (statement_ != nullptr && !connection_->abandoned()) sqlite3_finalize(statement_);
}

// Binding fails only for a wrong index, a statement in use or a blob past SQLite's limit of a billion bytes.
void Statement::bind(int index, std::int64_t value) {
  TIDEMARK_ASSERT(sqlite3_bind_int64(statement_, index, value) == SQLITE_OK);
}

void Statement::bind(int index, Blob value) {
  // A null pointer would bind NULL, which is not the empty blob.
  const char* data = value.bytes.empty() ? "" : value.bytes.data();
  TIDEMARK_ASSERT(sqlite3_bind_blob64(statement_, index, data, value.bytes.size(), SQLITE_STATIC) == SQLITE_OK);
}

void Statement::bind(int index, Text value) {
  const char* data = value.text.empty() ? "" : value.text.data();
  TIDEMARK_ASSERT(sqlite3_bind_text64(statement_, index, data, value.text.size(), SQLITE_STATIC, SQLITE_UTF8) ==
                  SQLITE_OK);
}

void Statement::bind(int index, Null) {
  TIDEMARK_ASSERT(sqlite3_bind_null(statement_, index) == SQLITE_OK);
}

Outcome<void> Statement::run() {
  Rows rows(statement_);
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
  }
}

Outcome<std::unique_ptr<Connection>> Connection::open(const std::string& path, const std::string& vfs) {
  sqlite3* handle = nullptr;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  if (handle == nullptr) return fail(Error::other, "out of memory");
  if (code != SQLITE_OK) {
    auto error = failure(handle, code);
    sqlite3_close(handle);
    return error;
  }
  std::unique_ptr<Connection> connection(new Connection(handle));
  connection->checkpoint_on_close(false);
  // Takes the place of SQLite's automatic checkpoints, which are built on the same hook.
  sqlite3_wal_hook(handle, &Connection::on_commit, connection.get());
  return connection;
}

Connection::~Connection() {
  if (!abandoned_) TIDEMARK_ASSERT(sqlite3_close(handle_) == SQLITE_OK);
}

int Connection::on_commit(void* self, sqlite3*, const char*, int frames) {
  static_cast<Connection*>(self)->wal_frames_ = static_cast<std::uint64_t>(frames);
  return SQLITE_OK;
}

Outcome<void> Connection::execute(const char* sql) {
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_, code);
  return {};
}

Outcome<Statement> Connection::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) return failure(handle_, code);
  return Statement(this, statement);
}

Outcome<void> Connection::prepare_all(std::initializer_list<std::pair<Statement*, const char*>> statements) {
  for (const auto& [statement, sql] : statements) {
    auto prepared = prepare(sql);
    if (!prepared) return tl::unexpected(prepared.error());
    *statement = *std::move(prepared);
  }
  return {};
}

Outcome<std::int64_t> Connection::integer(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  auto rows = statement->query();
  const auto more = rows.next();
  if (!more) return tl::unexpected(more.error());
  return *more ? rows.integer(0) : 0;
}

Outcome<void> Connection::rollback() {
  if (sqlite3_get_autocommit(handle_) != 0) return {};
  return execute("ROLLBACK");
}

Outcome<void> Connection::checkpoint(int mode) {
  int frames = 0;
  int moved = 0;
  const int code = sqlite3_wal_checkpoint_v2(handle_, "main", mode, &frames, &moved);
  if (code != SQLITE_OK) return failure(handle_, code);
  if (frames != moved) return fail(Error::other, "a checkpoint left frames in the WAL");
  wal_frames_ = 0;
  return {};
}

void Connection::checkpoint_on_close(bool on) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, on ? 0 : 1, nullptr);
}

std::uint64_t Connection::file_bytes() const {
  sqlite3_file* file = nullptr;
  if (sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK) return 0;
  if (file == nullptr || file->pMethods == nullptr) return 0;
  sqlite3_int64 size = 0;
  return file->pMethods->xFileSize(file, &size) == SQLITE_OK ? static_cast<std::uint64_t>(size) : 0;
}

void Connection::abandon() {
  if (!abandoned_) abandoned_handles().push_back(handle_);
  abandoned_ = true;
}

std::size_t close_abandoned() {
  auto handles = std::exchange(abandoned_handles(), {});
  for (sqlite3* handle : handles) {
    while (sqlite3_stmt* statement = sqlite3_next_stmt(handle, nullptr)) sqlite3_finalize(statement);
    sqlite3_close(handle);
  }
  return handles.size();
}

}  // namespace tidemark::sqlite
