// The truth file: an SQLite database of every message and reading that the simulator made and what it did to each.
// Format: docs/formats/truth.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "firmware-sim/error.h"
#include "firmware-sim/message.h"

struct sqlite3;
struct sqlite3_stmt;

namespace firmware_sim {

/// What happened to a message on its way to the broker.
struct Delivery {
  std::int64_t sent_at_ns = 0;       // wall clock, first publish, since 1970; 0: never published
  std::optional<bool> acknowledged;  // none: there was no broker to acknowledge (a recording)
  std::int64_t resent = 0;           // times it was published again after a lost connection
};

/// One owner, one thread. Written in transactions of many messages; the file is valid after finish(), and what a killed
/// simulator leaves behind has no `finished` in its `meta`.
class Truth {
 public:
  /// Creates the file, or replaces it if it is a truth file already. Anything else at that path is left alone.
  static Result<Truth> create(const std::string& path);

  Result<void> put(const Message& message, const Delivery& delivery);
  Result<void> put_meta(std::string_view key, std::string_view value);

  /// Ends the transaction under way, so that a reader sees what was put.
  Result<void> commit();

  /// Writes `finished`, commits and closes.
  Result<void> finish();

 private:
  struct CloseDatabase {
    void operator()(sqlite3* database) const;
  };
  struct FinalizeStatement {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Database = std::unique_ptr<sqlite3, CloseDatabase>;
  using Statement = std::unique_ptr<sqlite3_stmt, FinalizeStatement>;

  Truth() = default;
  [[nodiscard]] Failure<SimError> failure(std::string_view doing) const;
  Result<void> execute(const char* sql);
  Result<Statement> prepare(const char* sql);
  Result<void> step(sqlite3_stmt* statement);

  std::string path_;
  Database database_;
  Statement insert_message_;
  Statement insert_reading_;
  Statement insert_meta_;
};

}  // namespace firmware_sim
