#include "gateway/uplink/lineage.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

TEST_CASE("a lineage has what was committed, up to the last sequence of each epoch") {
  Lineage lineage;
  CHECK(lineage.add(7, 1));
  CHECK_FALSE(lineage.add(7, 2));
  CHECK(lineage.add(9, 1));
  CHECK(lineage.has(7, 1));
  CHECK(lineage.has(7, 2));
  CHECK_FALSE(lineage.has(7, 3));
  CHECK_FALSE(lineage.has(8, 1));
  // A successor tells how far an epoch came, and never that it came less far.
  lineage.add(7, 5);
  lineage.add(7, 4);
  CHECK(lineage.has(7, 5));
}

TEST_CASE("a lineage comes back from its text, and what is none is refused") {
  Lineage lineage;
  lineage.add(0xfedcba9876543210, 12);
  lineage.add(1, UINT64_MAX);
  CHECK(lineage.text() == "fedcba9876543210:12,1:18446744073709551615");
  CHECK(Lineage::parse(lineage.text()) == lineage);
  CHECK(Lineage::parse("") == Lineage());
  for (const char* text : {"1", "1:", ":1", "1:1,", "1:1,2", "x:1", "1:x", "1:1;2:2", "1,1"}) {
    CAPTURE(text);
    CHECK_FALSE(Lineage::parse(text));
  }
}

TEST_CASE("the oldest epochs are forgotten") {
  Lineage lineage;
  for (std::uint64_t epoch = 1; epoch <= Lineage::kMostEpochs + 1; ++epoch) lineage.add(epoch, 1);
  CHECK_FALSE(lineage.has(1, 1));
  CHECK(lineage.has(2, 1));
}

}  // namespace
}  // namespace tidemark
