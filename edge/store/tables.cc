#include "edge/store/tables.h"

#include <algorithm>
#include <utility>

namespace tidemark {
namespace {

using sqlite::Connection;
using sqlite::Outcome;

template <typename Table>
Outcome<void> prepare_table(Connection& connection, Table& table) {
  auto prepared = Table::prepare(connection);
  if (!prepared) return tl::unexpected(prepared.error());
  table = *std::move(prepared);
  return {};
}

// Of a salvaged table at least one row is lost, or it would not have been damaged.
std::uint64_t lost(const Salvaged& table) {
  return std::max<std::uint64_t>(table.lost, 1);
}

}  // namespace

Outcome<std::unique_ptr<Tables>> Tables::open(Connection& connection, const std::vector<Salvaged>& before) {
  std::unique_ptr<Tables> tables(new Tables(connection));
  if (auto prepared = tables->prepare(); !prepared) return tl::unexpected(prepared.error());
  if (auto loaded = tables->load(before); !loaded) return tl::unexpected(loaded.error());
  return tables;
}

Outcome<void> Tables::prepare() {
  Outcome<void> done = prepare_table(connection_, journal);
  if (done) done = prepare_table(connection_, shards);
  if (done) done = prepare_table(connection_, log);
  if (done) done = prepare_table(connection_, dead_letters);
  if (done) done = prepare_table(connection_, parked);
  if (done) done = prepare_table(connection_, settings);
  if (done) done = prepare_table(connection_, damaged);
  if (done) done = connection_.prepare_all({{&begin_, "BEGIN IMMEDIATE"}, {&commit_, "COMMIT"}});
  return done;
}

Outcome<void> Tables::load(const std::vector<Salvaged>& before) {
  auto damaged_settings = settings.load();
  if (!damaged_settings) return tl::unexpected(damaged_settings.error());
  damaged_settings_ = *std::move(damaged_settings);
  const auto stored = settings.value(kCountersSetting);
  const auto counters = stored ? decode_counters(*stored) : std::nullopt;
  counters_ = counters.value_or(Counters{});
  damaged_rows_ = counters_.damaged_rows;
  if (auto done = log.load(counters, sealer); !done) return done;
  if (auto done = dead_letters.load(counters); !done) return done;
  if (auto done = parked.load(sealer); !done) return done;
  for (const Salvaged& table : before) {
    if (table.table == "shard") shards_salvaged_ = true;
    // Rows of these two are missed, and counted, when they are read.
    if (table.table == "journal" || table.table == "shard") continue;
    damaged_rows_ += lost(table);
    if (table.table != "log") continue;
    // The end of the log may be among what was lost: its positions are not used again.
    if (auto done = log.load_salvaged(counters_, kSalvageReach, sealer); !done) return done;
  }
  return {};
}

Outcome<void> Tables::salvaged(const std::vector<Salvaged>& tables) {
  for (const Salvaged& table : tables) {
    if (table.table == "shard") shards_salvaged_ = true;
    if (table.table == "journal" || table.table == "shard") continue;
    damaged_rows_ += lost(table);
    if (table.table == "log") {
      if (auto done = log.load_salvaged(counters_, 0, sealer); !done) return done;
    }
    if (table.table == "dead_letter") {
      if (auto done = dead_letters.load(counters_); !done) return done;
    }
    if (table.table == "parked") {
      if (auto done = parked.load(sealer); !done) return done;
    }
  }
  return {};
}

Outcome<void> Tables::set_aside(const std::vector<std::uint32_t>& damaged_shards,
                                const std::vector<JournalTable::Damage>& damaged_rows) {
  if (damaged_shards.empty() && damaged_rows.empty() && damaged_settings_.empty()) return {};
  auto done = transaction([&]() -> Outcome<void> {
    for (const std::uint32_t shard : damaged_shards) {
      if (auto moved = shards.set_aside(shard, damaged); !moved) return moved;
    }
    for (const JournalTable::Damage& damage : damaged_rows) {
      if (auto moved = journal.set_aside(damage, damaged); !moved) return moved;
    }
    for (const std::uint64_t id : damaged_settings_) {
      if (auto moved = settings.set_aside(id, damaged); !moved) return moved;
    }
    damaged_rows_ += damaged_shards.size() + damaged_rows.size() + damaged_settings_.size();
    return {};
  });
  if (done) damaged_settings_.clear();
  return done;
}

Outcome<void> Tables::write_settings() {
  counters_.damaged_rows = damaged_rows_;
  log.count(counters_);
  dead_letters.count(counters_);
  // Always put: an earlier transaction that failed may have left another value waiting to be written.
  settings.put(kCountersSetting, encode(counters_));
  return settings.write();
}

Tables::Memory Tables::remember() const {
  return {journal.figures(), shards.positions(), log.figures(), dead_letters.extent(), counters_, damaged_rows_};
}

void Tables::restore(const Memory& memory) {
  journal.restore(memory.journal);
  shards.restore(memory.shards);
  log.restore(memory.log);
  dead_letters.restore(memory.dead_letters);
  counters_ = memory.counters;
  damaged_rows_ = memory.damaged_rows;
}

}  // namespace tidemark
