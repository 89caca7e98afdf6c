#include "firmware-sim/truth.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

namespace firmware_sim {
namespace {

constexpr int kPatienceMs = 30'000;

// "tmTR": tells our file from any other SQLite database (it stands in bytes 68 to 71 of the file).
constexpr std::int32_t kApplicationId = 0x746d5452;

constexpr const char* kSchema = R"(
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE message(
  id INTEGER PRIMARY KEY, stream TEXT NOT NULL, topic TEXT NOT NULL, source TEXT NOT NULL, sequence INTEGER,
  sent_at INTEGER, acked INTEGER, fate TEXT NOT NULL, size INTEGER NOT NULL, resent INTEGER NOT NULL,
  retained INTEGER NOT NULL, fault TEXT);
CREATE TABLE reading(
  id INTEGER PRIMARY KEY, stream TEXT NOT NULL, topic TEXT NOT NULL, source TEXT NOT NULL, field TEXT NOT NULL,
  event_time INTEGER, value TEXT NOT NULL, sequence INTEGER, sent_at INTEGER, fate TEXT NOT NULL,
  message INTEGER NOT NULL REFERENCES message(id));
)";

// Views are copied by SQLite only where it must: the texts live until the statement has been stepped.
void bind_text(sqlite3_stmt* statement, int index, std::string_view text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

void bind_integer(sqlite3_stmt* statement, int index, bool present, std::int64_t value) {
  if (present) {
    sqlite3_bind_int64(statement, index, value);
  } else {
    sqlite3_bind_null(statement, index);
  }
}

// Whether the path may be replaced: there is nothing, or an empty file, or a truth file.
Result<void> check_replaceable(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return {};
  if (!S_ISREG(status.st_mode)) return fail(SimError::file, fmt::format("{} is not a file", path));
  if (status.st_size == 0) return {};
  std::ifstream in(path, std::ios::binary);
  std::string header(72, '\0');
  in.read(header.data(), static_cast<std::streamsize>(header.size()));
  if (in && header.starts_with("SQLite format 3") && header.substr(68) == "tmTR") return {};
  return fail(SimError::file, fmt::format("{} exists and is not a truth file; it was left alone: name another", path));
}

}  // namespace

void Truth::CloseDatabase::operator()(sqlite3* database) const {
  sqlite3_close(database);
}
void Truth::FinalizeStatement::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Result<Truth> Truth::create(const std::string& path) {
  if (auto replaceable = check_replaceable(path); !replaceable) return tl::unexpected(replaceable.error());
  std::remove(path.c_str());
  Truth truth;
  truth.path_ = path;
  sqlite3* database = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  truth.database_.reset(database);
  if (opened != SQLITE_OK) return tl::unexpected(truth.failure("open"));
  // Somebody who looks at it for a moment must not end the run.
  sqlite3_busy_timeout(database, kPatienceMs);
  // The truth is worth something only once the run has ended, so it need not survive a power cut; readers who look
  // during the run must see whole transactions.
  const std::string pragmas = fmt::format(
      "PRAGMA journal_mode=MEMORY; PRAGMA synchronous=OFF; PRAGMA application_id={}; PRAGMA user_version=1;",
      kApplicationId);
  if (auto done = truth.execute(pragmas.c_str()); !done) return tl::unexpected(done.error());
  if (auto done = truth.execute(kSchema); !done) return tl::unexpected(done.error());
  auto message = truth.prepare("INSERT INTO message VALUES(?,?,?,?,?,?,?,?,?,?,?,?)");
  if (!message) return tl::unexpected(message.error());
  auto reading = truth.prepare("INSERT INTO reading VALUES(?,?,?,?,?,?,?,?,?,?,?)");
  if (!reading) return tl::unexpected(reading.error());
  auto meta = truth.prepare("INSERT OR REPLACE INTO meta VALUES(?,?)");
  if (!meta) return tl::unexpected(meta.error());
  truth.insert_message_ = std::move(*message);
  truth.insert_reading_ = std::move(*reading);
  truth.insert_meta_ = std::move(*meta);
  if (auto begun = truth.execute("BEGIN"); !begun) return tl::unexpected(begun.error());
  return truth;
}

Result<void> Truth::put(const Message& message, const Delivery& delivery) {
  const bool lost = delivery.acknowledged == false && message.fate != Fate::withheld;
  sqlite3_stmt* row = insert_message_.get();
  sqlite3_bind_int64(row, 1, message.id);
  bind_text(row, 2, message.model->name);
  bind_text(row, 3, message.identity->topic);
  bind_text(row, 4, message.identity->source);
  bind_integer(row, 5, message.sequence.has_value(), message.sequence.value_or(0));
  bind_integer(row, 6, delivery.sent_at_ns != 0, delivery.sent_at_ns);
  bind_integer(row, 7, delivery.acknowledged.has_value(), delivery.acknowledged.value_or(false) ? 1 : 0);
  bind_text(row, 8, name_of(lost ? Fate::unacknowledged : message.fate));
  sqlite3_bind_int64(row, 9, static_cast<std::int64_t>(message.payload.size()));
  sqlite3_bind_int64(row, 10, delivery.resent);
  sqlite3_bind_int64(row, 11, message.retained ? 1 : 0);
  if (message.fault.empty()) {
    sqlite3_bind_null(row, 12);
  } else {
    bind_text(row, 12, message.fault);
  }
  if (auto done = step(row); !done) return done;

  row = insert_reading_.get();
  std::int64_t id = message.first_reading;
  for (const Reading& reading : message.readings) {
    const std::string value = canonical_text(reading.value);
    // A reading that would not have been counted anyway keeps the reason: only `sent` becomes uncertain.
    const Fate fate = lost && reading.fate == Fate::sent ? Fate::unacknowledged : reading.fate;
    sqlite3_bind_int64(row, 1, id++);
    bind_text(row, 2, message.model->name);
    bind_text(row, 3, message.identity->topic);
    bind_text(row, 4, message.identity->source);
    bind_text(row, 5, message.model->fields[reading.field].path);
    bind_integer(row, 6, reading.event_ms.has_value(), reading.event_ms.value_or(0) * 1'000'000);
    bind_text(row, 7, value);
    bind_integer(row, 8, message.sequence.has_value(), message.sequence.value_or(0));
    bind_integer(row, 9, delivery.sent_at_ns != 0, delivery.sent_at_ns);
    bind_text(row, 10, name_of(fate));
    sqlite3_bind_int64(row, 11, message.id);
    if (auto done = step(row); !done) return done;
  }
  return {};
}

Result<void> Truth::put_meta(std::string_view key, std::string_view value) {
  bind_text(insert_meta_.get(), 1, key);
  bind_text(insert_meta_.get(), 2, value);
  return step(insert_meta_.get());
}

Result<void> Truth::commit() {
  return execute("COMMIT; BEGIN");
}

Result<void> Truth::finish() {
  if (auto done = put_meta("finished", "1"); !done) return done;
  if (auto done = execute("COMMIT"); !done) return done;
  insert_message_.reset();
  insert_reading_.reset();
  insert_meta_.reset();
  if (sqlite3_close(database_.get()) != SQLITE_OK) return tl::unexpected(failure("close"));
  static_cast<void>(database_.release());
  return {};
}

Failure<SimError> Truth::failure(std::string_view doing) const {
  return {SimError::file, fmt::format("truth file {}: cannot {}: {}", path_, doing, sqlite3_errmsg(database_.get()))};
}

Result<void> Truth::execute(const char* sql) {
  if (sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    return tl::unexpected(failure("write"));
  return {};
}

Result<Truth::Statement> Truth::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v3(database_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr) != SQLITE_OK) {
    return tl::unexpected(failure("prepare"));
  }
  return Statement(statement);
}

Result<void> Truth::step(sqlite3_stmt* statement) {
  const int done = sqlite3_step(statement);
  sqlite3_reset(statement);
  if (done != SQLITE_DONE) return tl::unexpected(failure("write"));
  return {};
}

}  // namespace firmware_sim
