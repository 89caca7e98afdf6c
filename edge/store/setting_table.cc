#include "edge/store/setting_table.h"

#include <algorithm>

#include "edge/bytes/byte_writer.h"
#include "edge/bytes/crc32c.h"

namespace tidemark {
namespace {

std::int64_t check_of(std::uint64_t id, std::string_view name, std::string_view value) {
  ByteWriter writer;
  writer.raw("setting");
  writer.u64(id);
  writer.bytes(name);
  writer.bytes(value);
  return crc32c(writer.view());
}

}  // namespace

sqlite::Outcome<SettingTable> SettingTable::prepare(sqlite::Connection& connection) {
  SettingTable table;
  auto prepared = connection.prepare_all({
      {&table.select_, "SELECT id, name, value, crc FROM setting ORDER BY id"},
      {&table.value_, "SELECT value FROM setting WHERE id = ?1"},
      {&table.remove_, "DELETE FROM setting WHERE id = ?1"},
      {&table.write_, "INSERT OR REPLACE INTO setting(id, name, value, crc) VALUES(?1, ?2, ?3, ?4)"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

sqlite::Outcome<std::vector<std::uint64_t>> SettingTable::load() {
  settings_.clear();
  last_id_ = 0;
  std::vector<std::uint64_t> damaged;
  auto rows = select_.query();
  for (;;) {
    const auto more = rows.next();
    if (!more) return tl::unexpected(more.error());
    if (!*more) return damaged;
    const std::uint64_t id = rows.natural(0);
    last_id_ = std::max(last_id_, id);
    if (rows.integer(3) != check_of(id, rows.bytes(1), rows.bytes(2))) {
      damaged.push_back(id);
      continue;
    }
    settings_.insert_or_assign(std::string(rows.bytes(1)), Setting{id, std::string(rows.bytes(2)), false});
  }
}

sqlite::Outcome<void> SettingTable::set_aside(std::uint64_t id, DamagedTable& damaged) {
  {
    auto rows = value_.query(id);
    const auto there = rows.next();
    if (!there) return tl::unexpected(there.error());
    const auto value = *there ? std::optional(rows.bytes(0)) : std::nullopt;
    if (auto added = damaged.add("setting", id, 0, value); !added) return added;
  }
  return remove_.execute(id);
}

std::optional<std::string> SettingTable::value(std::string_view name) const {
  const auto found = settings_.find(name);
  if (found == settings_.end()) return std::nullopt;
  return found->second.value;
}

void SettingTable::put(std::string_view name, std::string_view value) {
  auto found = settings_.find(name);
  if (found == settings_.end()) {
    found = settings_.emplace(std::string(name), Setting{++last_id_, std::string(value), true}).first;
  } else if (found->second.value != value) {
    found->second.value = value;
    found->second.changed = true;
  }
  changed_ = changed_ || found->second.changed;
}

sqlite::Outcome<void> SettingTable::write() {
  if (!changed_) return {};
  for (const auto& [name, setting] : settings_) {
    if (!setting.changed) continue;
    auto written = write_.execute(setting.id, sqlite::Text{name}, sqlite::Blob{setting.value},
                                  check_of(setting.id, name, setting.value));
    if (!written) return written;
  }
  return {};
}

void SettingTable::written() {
  for (auto& [name, setting] : settings_) setting.changed = false;
  changed_ = false;
}

}  // namespace tidemark
