#include "gateway/uplink/contact.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <string>

namespace tidemark {
namespace {

const Contact kKnown{"5L6g3nShT-eMCtK--X86sw", "telemetry", 2, 41, 0xfedcba9876543210, 17};
const TopicFacts kFound{"5L6g3nShT-eMCtK--X86sw", 3, 1'048'588};

TEST_CASE("a contact comes back from its text, and what is none is refused") {
  CHECK(Contact::parse(kKnown.text()) == kKnown);
  for (const char* text : {"", "a\nb\n1\n", "a\nb\nx\n1\n", "a\nb\n1\n1\nmore", "a\nb\n1\n1", "a\nb\n1\n1\n1\n",
                           "a\nb\n1\n1\nx\n1\n", "a\nb\n1\n1\n1\n1\n1\n"}) {
    CAPTURE(text);
    CHECK_FALSE(Contact::parse(text));
  }
}

TEST_CASE("a contact of an earlier version has no witness") {
  CHECK(Contact::parse("c\nt\n2\n41\n") == Contact{"c", "t", 2, 41, 0, 0});
}

TEST_CASE("the same cluster, topic and log is right, also when partitions were added") {
  CHECK(objection(kKnown, "telemetry", kFound, 42) == "");
  CHECK(objection(kKnown, "telemetry", {kFound.cluster, 12, 0}, 1'000) == "");
  // Nothing was acknowledged yet: an empty log is right.
  CHECK(objection({kKnown.cluster, "telemetry", 2, -1, 0, 0}, "telemetry", kFound, 0) == "");
}

TEST_CASE(
    "another cluster, topic or a log that is shorter than what it acknowledged is objected to, with both figures") {
  const auto says = [](const std::string& what, std::initializer_list<const char*> words) {
    CAPTURE(what);
    for (const char* word : words) CHECK(what.find(word) != std::string::npos);
  };
  says(objection(kKnown, "telemetry", {"other", 3, 0}, 42), {"cluster other", kKnown.cluster.c_str()});
  says(objection(kKnown, "metrics", kFound, 42), {"topic metrics", "topic telemetry"});
  says(objection(kKnown, "telemetry", {kFound.cluster, 2, 0}, 42), {"2 partitions", "partition 2", "made anew"});
  says(objection(kKnown, "telemetry", kFound, 41), {"offset 41", "made anew"});
}

// Kafka's own test values of murmur2 (clients/src/test/java/org/apache/kafka/common/utils/UtilsTest.java).
TEST_CASE("a key's partition is the one that Kafka's clients choose") {
  struct Example {
    const char* key;
    std::int32_t hash;
  };
  for (const Example& example : {Example{"21", -973932308},
                                 {"foobar", -790332482},
                                 {"a-little-bit-long-string", -985981536},
                                 {"a-little-bit-longer-string", -1486304829},
                                 {"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971},
                                 {"abc", 479470107}}) {
    CAPTURE(example.key);
    CHECK(partition_of_key(example.key, INT32_MAX) == (example.hash & 0x7fffffff));
    CHECK(partition_of_key(example.key, 7) == (example.hash & 0x7fffffff) % 7);
  }
}

}  // namespace
}  // namespace tidemark
