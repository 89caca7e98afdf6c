// Plans and shards from damaged bytes: never more than "not readable".
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "edge/processor/shard.h"
#include "tests/scenario/busy_gateway.h"
#include "tests/support/seeded_random.h"

namespace tidemark::test {
namespace {

std::string damaged(std::string bytes, SeededRandom& random) {
  if (bytes.empty()) return bytes;
  switch (random.below(3)) {
    case 0:
      bytes.resize(random.below(bytes.size()));
      break;
    case 1:
      bytes[random.below(bytes.size())] ^= static_cast<char>(1u << random.below(8));
      break;
    default:
      for (std::uint64_t n = 1 + random.below(4); n > 0; --n) {
        bytes[random.below(bytes.size())] = static_cast<char>(random.below(256));
      }
  }
  return bytes;
}

}  // namespace

TEST_CASE("a plan that is read is written again with the same bytes") {
  const ModelGateway gateway = busy_gateway();
  REQUIRE(gateway.plans().size() > 5);
  for (const std::string& bytes : gateway.plans()) {
    const auto plan = Plan::decode(bytes);
    REQUIRE(plan);
    CHECK(plan->encode() == bytes);
  }
}

TEST_CASE("any bytes are safe as a plan, and what is read of them can be written and read again") {
  const ModelGateway gateway = busy_gateway();
  SeededRandom random(4);
  for (int i = 0; i < 60'000; ++i) {
    const std::string& whole = gateway.plans()[random.below(gateway.plans().size())];
    const auto plan = Plan::decode(damaged(whole, random));
    if (!plan) continue;
    const std::string again = plan->encode();
    const auto read = Plan::decode(again);
    REQUIRE(read);
    CHECK(read->encode() == again);
  }
}

TEST_CASE("a plan cut short is no plan") {
  const ModelGateway gateway = busy_gateway();
  const std::string& whole = gateway.plans()[1];
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_FALSE(Plan::decode(whole.substr(0, size)));
  CHECK_FALSE(Plan::decode(whole + "x"));
}

TEST_CASE("a damaged row leaves a gateway that goes on, with a ledger that balances") {
  ModelGateway gateway = busy_gateway();
  SeededRandom random(5);
  for (int i = 0; i < 2'000; ++i) {
    auto processor = std::move(*Processor::create(gateway.settings()));
    const std::size_t lost = 1 + random.below(gateway.plans().size() - 1);
    for (std::size_t row = 0; row < gateway.plans().size(); ++row) {
      const auto plan = Plan::decode(gateway.plans()[row]);
      if (row == lost || !processor->recovery().row(row + 1, gateway.plans()[row])) {
        processor->recovery().damaged(row + 1, plan->decoded_readings(), {});
      }
    }
    const Now now{ArrivalTime{1'772'400'000'000'000'000}, MonotonicTime{1'000'000'000'000}};
    processor->start(now);
    processor->end_group({now.arrival, now.monotonic + hours(2)});
    CHECK(processor->state().gateway.imbalance() == "");
    for (const auto& source : processor->state().sources) {
      if (source) CHECK(source->ledger.imbalance() == "");
    }
  }
}

TEST_CASE("any bytes are safe as a shard, and what is read can be written") {
  ModelGateway gateway = busy_gateway();
  const std::string whole = gateway.processor().shard(kWholeGatewayShard);
  SeededRandom random(6);
  for (int i = 0; i < 20'000; ++i) {
    State state;
    if (!decode_shard(state, kWholeGatewayShard, i % 4 == 0 ? damaged(whole, random) : whole)) {
      CHECK(state.streams.empty());
      continue;
    }
    const auto shard = static_cast<std::uint32_t>(random.below(3));
    const std::string bytes =
        i % 4 == 1 ? gateway.processor().shard(shard) : damaged(gateway.processor().shard(shard), random);
    if (decode_shard(state, shard, bytes)) {
      // Some damage is to what may be anything, such as a value's digits.
      CHECK(encode_shard(state, shard).size() > 1);
      if (i % 4 == 1) CHECK(encode_shard(state, shard) == bytes);
    }
  }
}

}  // namespace tidemark::test
