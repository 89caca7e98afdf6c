#include "edge/store/opening.h"

#include <string>
#include <utility>

#include "edge/store/schema.h"
#include "edge/store/state_file.h"
#include "edge/store/store_failure.h"

namespace tidemark {
namespace {

using sqlite::Connection;
using sqlite::Outcome;

class Opening {
 public:
  Opening(const StoreOptions& options, const Discipline& discipline) : options_(options), discipline_(discipline) {}

  Result<std::unique_ptr<Connection>, StoreError> run();

 private:
  Result<void, StoreError> find();
  Result<void, StoreError> check_owner();
  Outcome<void> set_up();
  Outcome<void> start_wal();

  [[nodiscard]] tl::unexpected<Failure<StoreError>> refuse(StoreError code, const std::string& why) const {
    return fail(code, options_.path + ": " + why);
  }
  // After an I/O error the file is not even closed: Store, `broken`.
  [[nodiscard]] tl::unexpected<Failure<StoreError>> failed(const Failure<sqlite::Error>& failure,
                                                           std::string_view doing) {
    Failure<StoreError> told = store_failure(failure, options_.path, doing);
    if (told.code == StoreError::broken && connection_ && discipline_.abandon_when_broken) connection_->abandon();
    return tl::unexpected(std::move(told));
  }

  const StoreOptions& options_;
  const Discipline& discipline_;
  std::unique_ptr<Connection> connection_;
};

Result<void, StoreError> Opening::find() {
  if (discipline_.forget_cache_at_open) {
    if (auto forgotten = forget_cached_pages(options_.path, options_.vfs); !forgotten) return forgotten;
  }
  const auto found = look_at_state_file(options_.path, options_.vfs);
  if (!found) return tl::unexpected(found.error());
  switch (*found) {
    case StateFile::foreign:
      return refuse(StoreError::not_ours,
                    "not a Tidemark state file. It was not touched. Name another file, or move this one away.");
    case StateFile::missing:
      if (!options_.create) {
        return refuse(StoreError::missing, "there is no such file. Name the state file of an appliance that has run.");
      }
      if (options_.vfs.empty()) return make_private_file(options_.path);
      return {};
    case StateFile::plausible:
      mend_header(options_.path, options_.vfs);
      return {};
  }
  return {};
}

Outcome<void> Opening::set_up() {
  // Exclusive first of all: with it the WAL's index is in this process's memory, so there is no shared-memory file, and
  // no second process can get in between. The page size is only heeded while the file is empty.
  const std::string pragmas = "PRAGMA locking_mode=EXCLUSIVE;PRAGMA synchronous=EXTRA;PRAGMA page_size=" +
                              std::to_string(discipline_.page_bytes) +
                              // Debian builds SQLite with secure_delete on: freed pages would be written once more.
                              ";PRAGMA secure_delete=OFF"
                              // Finds a damaged page when it is read, before it is built on.
                              ";PRAGMA cell_size_check=ON;PRAGMA trusted_schema=OFF"
                              ";PRAGMA temp_store=MEMORY;PRAGMA mmap_size=0;PRAGMA cache_size=-1024";
  return connection_->execute(pragmas.c_str());
}

Result<void, StoreError> Opening::check_owner() {
  const auto id = connection_->integer("PRAGMA application_id");
  if (!id) return failed(id.error(), "reading its header");
  if (*id != kApplicationId) {
    // A process that died while making the file leaves it without any table.
    const auto tables = connection_->integer("SELECT count(*) FROM sqlite_schema");
    if (!tables) return failed(tables.error(), "reading its header");
    if (*id != 0 || *tables != 0 || !options_.create) {
      return refuse(StoreError::not_ours, "not a Tidemark state file. Name another file, or move this one away.");
    }
  }
  const auto version = connection_->integer("PRAGMA user_version");
  if (!version) return failed(version.error(), "reading its version");
  if (*version > schema_version()) {
    return refuse(StoreError::newer, "written by a newer version (its format is " + std::to_string(*version) +
                                         ", this one knows " + std::to_string(schema_version()) +
                                         "). It was not changed. Install the newer version again.");
  }
  return {};
}

Outcome<void> Opening::start_wal() {
  auto statement = connection_->prepare("PRAGMA journal_mode=WAL");
  if (!statement) return tl::unexpected(statement.error());
  {
    auto rows = statement->query();
    const auto there = rows.next();
    if (!there) return tl::unexpected(there.error());
    if (!*there || rows.bytes(0) != "wal") return fail(sqlite::Error::other, "the file cannot have a WAL");
  }
  const std::string pragmas = std::string("PRAGMA synchronous=") + discipline_.synchronous +
                              // After a burst the WAL goes back to this when it starts over.
                              ";PRAGMA journal_size_limit=" + std::to_string(2 * options_.checkpoint_bytes);
  if (auto set = connection_->execute(pragmas.c_str()); !set) return set;
  if (!discipline_.checkpoint_at_open) return {};
  return connection_->checkpoint(SQLITE_CHECKPOINT_TRUNCATE);
}

Result<std::unique_ptr<Connection>, StoreError> Opening::run() {
  if (auto found = find(); !found) return tl::unexpected(found.error());
  auto opened = Connection::open(options_.path, options_.vfs);
  if (!opened) return failed(opened.error(), "opening it");
  connection_ = *std::move(opened);
  if (connection_->read_only()) {
    return refuse(StoreError::read_only,
                  "the file cannot be written. It was not changed. Give the user of this process write permission.");
  }
  if (auto done = set_up(); !done) return failed(done.error(), "opening it");
  if (auto ours = check_owner(); !ours) return tl::unexpected(ours.error());
  if (auto done = migrate(*connection_, migrations()); !done) return failed(done.error(), "making its tables");
  if (auto done = start_wal(); !done) return failed(done.error(), "taking up what the process before had written");
  if (auto done = mend_definitions(*connection_); !done) return failed(done.error(), "reading its list of tables");
  return std::move(connection_);
}

}  // namespace

Result<std::unique_ptr<Connection>, StoreError> open_state_file(const StoreOptions& options,
                                                                const Discipline& discipline) {
  return Opening(options, discipline).run();
}

}  // namespace tidemark
