// The tables of the views file.
#pragma once

#include <cstdint>

namespace tidemark {

inline constexpr std::int64_t kViewsApplicationId = 0x54444D56;  // "TDMV"
inline constexpr std::int64_t kViewsVersion = 2;

// `window` is what INTERFACES promises. Its names are kept once a series, in a table of their own: a row of a window
// takes half the room so, and a batch writes a quarter of the index pages.
inline constexpr const char* kViewsSchema = R"sql(
CREATE TABLE series(id INTEGER PRIMARY KEY, base INTEGER REFERENCES series, gateway TEXT NOT NULL, stream TEXT NOT NULL,
  version INTEGER NOT NULL, source TEXT NOT NULL, tags TEXT NOT NULL, field TEXT NOT NULL, size INTEGER NOT NULL,
  unit TEXT NOT NULL, kind INTEGER NOT NULL, components INTEGER NOT NULL);
CREATE UNIQUE INDEX series_key
  ON series(gateway, stream, version, source, tags, field, size, unit, kind, components, base);
CREATE TABLE result(series INTEGER NOT NULL REFERENCES series, start INTEGER NOT NULL, revision INTEGER NOT NULL,
  kind INTEGER, whole_flags INTEGER NOT NULL, delta_flags INTEGER NOT NULL, count INTEGER NOT NULL, sum REAL, mean REAL,
  min REAL, max REAL, first REAL, first_time INTEGER, last REAL, last_time INTEGER, variance REAL, stddev REAL,
  state BLOB NOT NULL, whole BLOB, deltas BLOB, PRIMARY KEY(series, start)) WITHOUT ROWID;
CREATE VIEW window AS SELECT gateway, stream, version, source, tags, field, size, start, revision,
  CASE result.kind WHEN 0 THEN 'on_time' WHEN 1 THEN 'idle' WHEN 2 THEN 'correction' WHEN 3 THEN 'delta' END AS pane,
  whole_flags | delta_flags AS flags, count, sum, mean, min, max, first, first_time, last, last_time, variance, stddev,
  NULL AS quantiles, state, unit FROM result JOIN series ON series.id = result.series;
CREATE TABLE source(gateway TEXT NOT NULL, stream TEXT NOT NULL, source TEXT NOT NULL, generation INTEGER NOT NULL,
  watermark INTEGER, sealed_through INTEGER, last_arrival INTEGER, clock_offset INTEGER NOT NULL,
  version INTEGER NOT NULL, clock_lag INTEGER, PRIMARY KEY(gateway, stream, source)) WITHOUT ROWID;
CREATE TABLE ledger(gateway TEXT NOT NULL, stream TEXT NOT NULL, source TEXT NOT NULL, counter TEXT NOT NULL,
  value INTEGER NOT NULL, PRIMARY KEY(gateway, stream, source, counter)) WITHOUT ROWID;
CREATE TABLE mark(gateway TEXT NOT NULL, epoch INTEGER NOT NULL, sequence INTEGER NOT NULL,
  PRIMARY KEY(gateway, epoch)) WITHOUT ROWID;
CREATE TABLE rollup(size INTEGER PRIMARY KEY);
CREATE TABLE position(log TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, epoch INTEGER NOT NULL,
  sequence INTEGER NOT NULL, PRIMARY KEY(partition));
INSERT INTO position VALUES('', 0, 0, 0, 0);
)sql";

}  // namespace tidemark
