#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include "edge/ledger/ledger.h"

namespace tidemark {

TEST_CASE("an empty ledger balances and so does one in which everything ended somewhere") {
  Ledger ledger;
  CHECK(ledger.imbalance() == "");
  ledger.add(Counter::received, 6);
  ledger.add(Counter::decoded, 3);
  ledger.add(Counter::redelivered, 1);
  ledger.add(rejected_message(Rejection::malformed), 2);
  ledger.add(Counter::readings, 9);
  ledger.add(Counter::counted, 4);
  ledger.add(Counter::duplicate, 1);
  ledger.add(rejected_reading(Rejection::nonfinite), 1);
  ledger.add(Counter::quarantined, 1);
  ledger.add(Counter::waiting, 1);
  ledger.add(Counter::damaged, 1);
  ledger.add(Counter::open, 4);
  CHECK(ledger.imbalance() == "");
  ledger.emit(3);
  CHECK(ledger[Counter::open] == 1);
  CHECK(ledger[Counter::emitted] == 3);
  CHECK(ledger.imbalance() == "");
}

TEST_CASE("each counter of the equations is missed when it is off by one") {
  for (const Counter counter :
       {Counter::received, Counter::decoded, Counter::redelivered, rejected_message(Rejection::retained),
        Counter::readings, Counter::counted, Counter::duplicate, rejected_reading(Rejection::series_limit),
        Counter::quarantined, Counter::waiting, Counter::damaged, Counter::open, Counter::emitted}) {
    Ledger ledger;
    ledger.add(counter, 1);
    CHECK_MESSAGE(ledger.imbalance() != "", name_of(counter));
  }
  Ledger gaps;
  gaps.add(Counter::sequence_gap, 5);
  CHECK(gaps.imbalance() == "");
}

TEST_CASE("an imbalance says the two sides") {
  Ledger ledger;
  ledger.add(Counter::received, 5);
  ledger.add(Counter::decoded, 3);
  CHECK(ledger.imbalance() == "messages received 5 is not decoded + redelivered + rejected 3");
}

TEST_CASE("every reason for rejecting has two counters with names, and no two counters share one") {
  std::vector<std::string> names;
  for (unsigned code = 0; code < 256; ++code) {
    const std::string name = name_of(static_cast<Counter>(code));
    CHECK(is_counter(static_cast<std::uint8_t>(code)) == !name.empty());
    if (!name.empty()) names.push_back(name);
  }
  CHECK(names.size() == 14 + 2 * kRejections);
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(name_of(rejected_reading(Rejection::unknown_topic)) == "readings.rejected.unknown_topic");
}

TEST_CASE("a ledger is read as it was written, whatever the order of adding") {
  Ledger a;
  Ledger b;
  const std::vector<Counter> counters = {Counter::received, Counter::damaged, rejected_message(Rejection::too_deep),
                                         Counter::redelivered, rejected_reading(Rejection::no_time)};
  for (const Counter counter : counters) a.add(counter, 7);
  for (auto counter = counters.rbegin(); counter != counters.rend(); ++counter) b.add(*counter, 7);
  b.add(Counter::waiting, 0);
  CHECK(a == b);
  ByteWriter out;
  a.encode(out);
  ByteReader in(out.view());
  CHECK(Ledger::decode(in) == a);
  CHECK(in.ok());
}

TEST_CASE("a ledger with an unknown counter, a wrong order or a zero is damaged") {
  for (const auto& [first, second, value] : {std::tuple{6, 7, 1}, {17, 16, 1}, {16, 16, 1}, {0, 1, 0}}) {
    ByteWriter out;
    out.varint(2);
    out.u8(static_cast<std::uint8_t>(first));
    out.varint(1);
    out.u8(static_cast<std::uint8_t>(second));
    out.varint(static_cast<std::uint64_t>(value));
    ByteReader in(out.view());
    Ledger::decode(in);
    CHECK_FALSE(in.ok());
  }
}

}  // namespace tidemark
