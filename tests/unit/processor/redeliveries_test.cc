#include <doctest/doctest.h>

#include "edge/processor/redeliveries.h"

namespace tidemark {
namespace {

std::string bytes_of(const Redeliveries& table) {
  ByteWriter out;
  table.encode(out);
  return out.take();
}

Redeliveries read(const std::string& bytes) {
  ByteReader in(bytes);
  Redeliveries table = Redeliveries::decode(in);
  CHECK(in.ok());
  return table;
}

}  // namespace

TEST_CASE("a message is held by its id and its content together") {
  Redeliveries table;
  table.take(7, 100, 1);
  CHECK(table.holds(7, 100));
  CHECK_FALSE(table.holds(7, 101));
  CHECK_FALSE(table.holds(8, 100));
}

TEST_CASE("an id that is used anew holds only its newer message") {
  Redeliveries table;
  table.take(7, 100, 1);
  table.take(7, 200, 2);
  CHECK_FALSE(table.holds(7, 100));
  CHECK(table.holds(7, 200));
  CHECK(table.size() == 1);
}

TEST_CASE("a PINGRESP retires what was taken up to its ordinal, and no more") {
  Redeliveries table;
  table.take(1, 10, 1);
  table.take(2, 20, 2);
  table.take(3, 30, 3);
  CHECK(table.retired_by(0) == 0);
  REQUIRE(table.retired_by(2) == 2);
  table.retire(2);
  CHECK_FALSE(table.holds(1, 10));
  CHECK_FALSE(table.holds(2, 20));
  CHECK(table.holds(3, 30));
}

TEST_CASE("what an earlier connection took goes with the first PINGRESP of this one") {
  Redeliveries table;
  table.take(1, 10, 500);
  table.forget_ordinals();
  CHECK(table.retired_by(0) == 1);
}

TEST_CASE("retiring an older message of an id leaves its newer one") {
  Redeliveries table;
  table.take(9, 90, 1);
  table.take(1, 10, 2);
  table.take(1, 11, 3);
  table.retire(2);
  CHECK(table.holds(1, 11));
  CHECK(table.size() == 1);
}

TEST_CASE("a table read back is the same, and goes on in the same way") {
  Redeliveries table;
  table.take(1, 10, 1);
  table.take(2, 20, 2);
  table.take(3, 30, 3);
  table.take(2, 21, 4);
  // The older message of 2 is now in front: it must not wait there, where a table read back has none.
  table.retire(1);
  Redeliveries other = read(bytes_of(table));
  CHECK(bytes_of(other) == bytes_of(table));
  const std::uint64_t entries = table.retired_by(3);
  table.retire(entries);
  other.retire(entries);
  CHECK(table.holds(2, 21));
  CHECK(other.holds(2, 21));
  CHECK(bytes_of(other) == bytes_of(table));
}

TEST_CASE("a table is bounded by the ids there are") {
  Redeliveries table;
  for (std::uint64_t i = 0; i < 300'000; ++i) table.take(static_cast<std::uint16_t>(1 + i % 65'535), i, i);
  CHECK(table.size() == 65'535);
  CHECK(bytes_of(table).size() < 65'535 * 10 + 10);
}

TEST_CASE("a cleared table holds nothing and can be used on") {
  Redeliveries table;
  table.take(1, 10, 1);
  table.take(2, 20, 2);
  table.clear();
  CHECK(table.size() == 0);
  CHECK_FALSE(table.holds(1, 10));
  table.take(1, 10, 1);
  CHECK(table.holds(1, 10));
}

}  // namespace tidemark
