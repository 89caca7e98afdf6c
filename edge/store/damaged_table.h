// Rows that were set aside because their check failed: kept, as they were found, for whoever investigates. Bounded: the
// oldest go.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "edge/store/sqlite.h"

namespace tidemark {

class DamagedTable {
 public:
  static constexpr std::uint64_t kMaxRows = 256;

  static sqlite::Outcome<DamagedTable> prepare(sqlite::Connection& connection);

  /// `origin` is the table it came from, `row` its number there; nullopt: there was no body to keep.
  sqlite::Outcome<void> add(std::string_view origin, std::uint64_t row, std::uint32_t readings,
                            std::optional<std::string_view> body);

 private:
  sqlite::Statement insert_;
  sqlite::Statement trim_;
};

}  // namespace tidemark
