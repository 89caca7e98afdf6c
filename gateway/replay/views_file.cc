#include "gateway/replay/views_file.h"

#include "gateway/replay/views_schema.h"

namespace tidemark {

tl::unexpected<Failure<ViewsError>> unreadable_views() {
  return fail(ViewsError::failed, "the views hold a window that cannot be read; delete the file and replay the log");
}

Viewed<std::unique_ptr<Database>> open_views_file(const std::string& path) {
  auto database = Database::open(path, Database::Mode::write);
  if (!database) return tl::unexpected(database.error());
  Query about = (*database)->prepare(
      "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version),"
      " (SELECT count(*) FROM sqlite_schema)");
  if (const auto row = about.next(); !row) return tl::unexpected(row.error());
  const std::int64_t id = about.integer(0), version = about.integer(1), tables = about.integer(2);
  about.reset();
  if (tables != 0 && id != kViewsApplicationId) {
    return fail(ViewsError::not_ours, path + " is not a file of Tidemark's views; choose another name");
  }
  if (tables != 0 && version != kViewsVersion) {
    return fail(ViewsError::not_ours, path + " was written by another version; delete it and replay the log");
  }
  // NORMAL: after a power cut the last batches may be missing, with their position; they are folded again.
  if (auto done =
          (*database)->execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16384");
      !done) {
    return tl::unexpected(done.error());
  }
  if (tables == 0) {
    const std::string create = std::string("BEGIN;") + kViewsSchema +
                               "PRAGMA application_id = " + std::to_string(kViewsApplicationId) +
                               "; PRAGMA user_version = " + std::to_string(kViewsVersion) + "; COMMIT;";
    if (auto done = (*database)->execute(create.c_str()); !done) return tl::unexpected(done.error());
  }
  return database;
}

}  // namespace tidemark
