// One seeded life of a store on a disk that crashes: groups are committed, the process is killed, power is cut, fsyncs
// fail, the disk fills up, and after every start what the store gives back is compared with what it had promised.
#pragma once

#include <cstdint>
#include <string>

#include "edge/store/sqlite_store.h"

namespace tidemark::test {

struct Verdict {
  std::string fault;  // empty: every promise was kept
  std::uint64_t commits = 0;
  std::uint64_t starts = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t io_faults = 0;
  std::uint64_t full = 0;  // commits refused for want of room and later repeated
  std::uint64_t operations = 0;
  std::uint64_t history = 0;  // equal for equal seeds
};

/// Which part of a life the faults are in.
enum class Phase : std::uint8_t {
  all,
  birth,  // most of them while the file is being made
};

/// Everything, the shape of the load and the kinds of faults included, is drawn from `seed`.
Verdict live(std::uint64_t seed, const Discipline& discipline = {}, Phase phase = Phase::all);

}  // namespace tidemark::test
