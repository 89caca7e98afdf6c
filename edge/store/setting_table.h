// Small settings that live with the state, kept in memory and written with a commit when they have changed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "edge/store/damaged_table.h"
#include "edge/store/sqlite.h"

namespace tidemark {

class SettingTable {
 public:
  static sqlite::Outcome<SettingTable> prepare(sqlite::Connection& connection);

  /// Reads them all; those that are damaged are left out, and their ids are the result.
  sqlite::Outcome<std::vector<std::uint64_t>> load();

  /// Moves a damaged setting to `damaged`.
  sqlite::Outcome<void> set_aside(std::uint64_t id, DamagedTable& damaged);

  [[nodiscard]] std::optional<std::string> value(std::string_view name) const;
  void put(std::string_view name, std::string_view value);

  /// Writes what has changed since `written` was last called.
  sqlite::Outcome<void> write();
  void written();

 private:
  struct Setting {
    std::uint64_t id = 0;
    std::string value;
    bool changed = false;
  };

  sqlite::Statement select_;
  sqlite::Statement value_;
  sqlite::Statement write_;
  sqlite::Statement remove_;
  std::map<std::string, Setting, std::less<>> settings_;
  std::uint64_t last_id_ = 0;
  bool changed_ = false;
};

}  // namespace tidemark
