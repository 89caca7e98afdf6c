#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/property/store/history.h"
#include "tests/support/effort.h"

namespace tidemark::test {
namespace {

TEST_CASE("what a commit returned is there after any crash, whole and once") {
  const char* from_text = std::getenv("STORE_SEED");
  const std::uint64_t from = from_text != nullptr ? std::stoull(from_text) : 1;
  const std::uint64_t seeds = effort("STORE_SEEDS", 2'000);
  Verdict sum;
  std::uint64_t bad = 0;
  for (std::uint64_t seed = from; seed < from + seeds; ++seed) {
    const Verdict verdict = live(seed);
    if (!verdict.fault.empty() && ++bad <= 10) FAIL_CHECK("seed " << seed << ": " << verdict.fault);
    sum.commits += verdict.commits;
    sum.starts += verdict.starts;
    sum.power_cuts += verdict.power_cuts;
    sum.io_faults += verdict.io_faults;
    sum.full += verdict.full;
    sum.operations += verdict.operations;
  }
  MESSAGE(seeds << " lives: " << bad << " bad, " << sum.commits << " commits, " << sum.starts << " starts, "
                << sum.power_cuts << " power cuts, " << sum.io_faults << " I/O faults, " << sum.full
                << " commits refused when full, " << sum.operations << " operations");
}

// What was found: disk full, then a failed fsync of the truncation, then a power cut. The second start saw an empty
// file and threw the journal away that the third one needed.
TEST_CASE("a file that was never finished is begun again, whatever happened while it was made") {
  const std::uint64_t seeds = effort("STORE_SEEDS", 10'000);
  std::uint64_t bad = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Verdict verdict = live(seed, {}, Phase::birth);
    if (!verdict.fault.empty() && ++bad <= 10) FAIL_CHECK("seed " << seed << ": " << verdict.fault);
  }
}

TEST_CASE("one seed gives one history") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Verdict first = live(seed);
    const Verdict second = live(seed);
    CHECK(first.history == second.history);
    CHECK(first.operations == second.operations);
  }
}

// The first seed from 1 whose life goes wrong; 0: none of `seeds`.
std::uint64_t first_bad_seed(const Discipline& discipline, std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const Verdict verdict = live(seed, discipline);
    if (!verdict.fault.empty()) {
      MESSAGE("seed " << seed << ": " << verdict.fault);
      return seed;
    }
  }
  return 0;
}

// Of the rules, not of the code: a sanitizer has nothing to add.
TEST_CASE("each rule that is left out is missed" * doctest::skip(kSanitizerShare > 1)) {
  Discipline normal;
  normal.synchronous = "NORMAL";
  CHECK(first_bad_seed(normal, 3'000) != 0);

  Discipline cached;
  cached.forget_cache_at_open = false;
  CHECK(first_bad_seed(cached, 3'000) != 0);

  Discipline unchecked;
  unchecked.checkpoint_at_open = false;
  CHECK(first_bad_seed(unchecked, 3'000) != 0);

  Discipline tolerant;
  tolerant.checkpoint_errors_are_fatal = false;
  CHECK(first_bad_seed(tolerant, 3'000) != 0);

  Discipline closing;
  closing.abandon_when_broken = false;
  CHECK(first_bad_seed(closing, 3'000) != 0);
}

}  // namespace
}  // namespace tidemark::test
