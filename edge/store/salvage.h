// What to do when SQLite says that the file is damaged (SQLITE_CORRUPT): a page of a b-tree, or of the list of free
// pages, does not say what it must.
//
// A damaged table is renamed, never to be written again, because its pages may be chained into other tables'; a new one
// takes its place with every row of it that can still be read. All tables are keyed by number and nearly without gaps,
// so rows behind a damaged page are found by asking for their numbers. If no table is damaged, it is the list of free
// pages, and a file of moderate size is rebuilt without it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "edge/store/sqlite.h"

namespace tidemark {

struct Salvaged {
  std::string table;
  std::uint64_t rows = 0;  // carried over
  std::uint64_t lost = 0;  // known not to have been
};

/// How far beyond the rows at either end of a damaged part others are asked for, and so how far numbers must be left
/// free behind a table whose end may be lost.
inline constexpr std::int64_t kSalvageReach = 10'000;

/// Checks the b-trees of `tables` and replaces those that are damaged, all in one transaction. Empty: none is.
sqlite::Outcome<std::vector<Salvaged>> salvage_tables(sqlite::Connection& connection,
                                                      std::span<const char* const> tables);

/// Rewrites the whole file from its tables. Only for a file of at most kRebuildBytes: it takes as much memory.
sqlite::Outcome<void> rebuild_file(sqlite::Connection& connection);
inline constexpr std::uint64_t kRebuildBytes = 64ull << 20;

}  // namespace tidemark
