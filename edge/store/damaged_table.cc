#include "edge/store/damaged_table.h"

namespace tidemark {

sqlite::Outcome<DamagedTable> DamagedTable::prepare(sqlite::Connection& connection) {
  DamagedTable table;
  auto prepared = connection.prepare_all({
      {&table.insert_, "INSERT INTO damaged(origin, row, readings, body) VALUES(?1, ?2, ?3, ?4)"},
      {&table.trim_, "DELETE FROM damaged WHERE id <= (SELECT max(id) FROM damaged) - ?1"},
  });
  if (!prepared) return tl::unexpected(prepared.error());
  return table;
}

sqlite::Outcome<void> DamagedTable::add(std::string_view origin, std::uint64_t row, std::uint32_t readings,
                                        std::optional<std::string_view> body) {
  auto added = body ? insert_.execute(sqlite::Text{origin}, row, readings, sqlite::Blob{*body})
                    : insert_.execute(sqlite::Text{origin}, row, readings, sqlite::Null{});
  if (!added) return added;
  return trim_.execute(kMaxRows);
}

}  // namespace tidemark
