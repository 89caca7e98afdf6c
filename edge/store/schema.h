// The tables of the state file, its version and how an older file becomes a newer one. docs/formats/state.md describes
// every table and column.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "edge/store/sqlite.h"

namespace tidemark {

/// "TIDE", in the file's header: this is a state file of ours.
inline constexpr std::int64_t kApplicationId = 0x54494445;

inline constexpr std::array<const char*, 7> kTables = {"journal",     "shard",   "log",   "setting",
                                                       "dead_letter", "damaged", "parked"};

/// Element n takes a file from version n to version n + 1. Only ever appended to.
std::span<const char* const> migrations();

/// Version of the files that this build writes.
std::int64_t schema_version();

/// Brings the file to the last of `steps` in one transaction. Its version must not be above that.
sqlite::Outcome<void> migrate(sqlite::Connection& connection, std::span<const char* const> steps);

/// Puts the definitions of the tables right where they are not what the migrations made: they have no check of their
/// own, and a flipped letter can turn a table's key into an empty column. For a file of the present version, outside
/// any transaction. What SQLite cannot even parse it has refused before.
sqlite::Outcome<void> mend_definitions(sqlite::Connection& connection);

}  // namespace tidemark
