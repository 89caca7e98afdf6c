#include "gateway/uplink/parking.h"

#include <doctest/doctest.h>

#include <string>

#include "edge/event/tombstone.h"

namespace tidemark {
namespace {

std::string heartbeat(std::size_t bytes) {
  EventHeader header{"plant-7", 5, 1, 0, 0, {}, {}};
  return encode_heartbeat(header, {std::string(bytes, 'v'), "", true, 0});
}

TEST_CASE("what may be larger than the topic takes flies alone, and no other") {
  Parking parking;
  CHECK_FALSE(parking.alone(1, 1'000'000));  // no contact yet: nothing is known
  parking.limit(10'000);
  CHECK_FALSE(parking.alone(1, Parking::room(10'000)));
  CHECK(parking.alone(1, Parking::room(10'000) + 1));
  CHECK(Parking::room(10'000) < 10'000);
  CHECK(Parking::room(100) == 0);
}

TEST_CASE("what flew with a request that was too large flies alone until it is acknowledged or the culprit is found") {
  Parking parking;
  for (const std::uint64_t row : {7u, 8u, 9u}) parking.suspect(row);
  CHECK(parking.alone(8, 10));
  CHECK_FALSE(parking.alone(10, 10));
  parking.acknowledged(7);
  CHECK_FALSE(parking.alone(7, 10));
  CHECK(parking.alone(8, 10));
  parking.park(8);
  CHECK_FALSE(parking.alone(8, 10));
  CHECK_FALSE(parking.alone(9, 10));
}

TEST_CASE("of a parked row the tombstone is sent, always the same, also after a restart") {
  const std::string event = heartbeat(2'000);
  Parking parking;
  CHECK_FALSE(parking.instead_of(4, event));
  const auto tombstone = Parking::tombstone_for(event);
  REQUIRE(tombstone);
  parking.park(4);
  CHECK(parking.instead_of(4, event) == tombstone);
  CHECK_FALSE(parking.instead_of(5, event));
  CHECK(Parking({4}).instead_of(4, event) == tombstone);
}

TEST_CASE("an event that is no larger than its tombstone is not parked, nor one that cannot be read") {
  CHECK_FALSE(Parking::tombstone_for(heartbeat(1)));
  CHECK_FALSE(Parking::tombstone_for(std::string(5'000, 'x')));
}

}  // namespace
}  // namespace tidemark
