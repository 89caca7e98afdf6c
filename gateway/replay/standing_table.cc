#include "gateway/replay/standing_table.h"

namespace tidemark {

StandingTable::StandingTable(Database& database)
    : put_source_(database.prepare("INSERT OR REPLACE INTO source(gateway, stream, source, generation, watermark,"
                                   " sealed_through, last_arrival, clock_offset, version, clock_lag)"
                                   " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
      put_ledger_(database.prepare("INSERT INTO ledger(gateway, stream, source, counter, value) VALUES(?, ?, ?, ?, ?)"
                                   " ON CONFLICT DO UPDATE SET value = excluded.value")),
      clear_ledger_(database.prepare("DELETE FROM ledger WHERE gateway = ? AND stream = ? AND source = ?")) {}

Viewed<void> StandingTable::put(const std::string& gateway, const SourceReport& report) {
  for (const SourceStanding& standing : report.sources) {
    if (auto done = put_ledger(gateway, standing); !done) return done;
    // Without a name it is the gateway or a stream, which have only a ledger.
    if (standing.source.empty()) continue;
    if (auto done = put_source(gateway, standing); !done) return done;
  }
  return {};
}

Viewed<void> StandingTable::put_ledger(const std::string& gateway, const SourceStanding& standing) {
  // Counters are absolute: the last report says all.
  clear_ledger_.bind(gateway).bind(standing.stream).bind(standing.source);
  if (auto done = clear_ledger_.run(); !done) return done;
  for (const LedgerEntry& entry : standing.ledger) {
    put_ledger_.bind(gateway).bind(standing.stream).bind(standing.source).bind(entry.counter).bind(entry.value);
    if (auto done = put_ledger_.run(); !done) return done;
  }
  return {};
}

Viewed<void> StandingTable::put_source(const std::string& gateway, const SourceStanding& standing) {
  put_source_.bind(gateway).bind(standing.stream).bind(standing.source).bind(standing.generation);
  const auto bind_time = [&](const auto& time) { time ? put_source_.bind(time->ns) : put_source_.bind_null(); };
  bind_time(standing.watermark);
  bind_time(standing.sealed_through);
  bind_time(standing.last_arrival);
  put_source_.bind(standing.clock_offset.ns).bind(standing.version);
  bind_time(standing.clock_lag);
  return put_source_.run();
}

}  // namespace tidemark
