#include "edge/event/high_marks.h"

#include <doctest/doctest.h>

using namespace tidemark;

namespace {

EventHeader event(std::uint64_t epoch, std::uint64_t sequence, const char* gateway = "plant-7") {
  EventHeader header;
  header.gateway = gateway;
  header.epoch = epoch;
  header.sequence = sequence;
  return header;
}

/// A log of one epoch, with its digests.
std::vector<std::pair<EventHeader, std::string>> chain(std::uint64_t epoch, std::uint64_t length) {
  std::vector<std::pair<EventHeader, std::string>> result;
  Digest digest{};
  for (std::uint64_t sequence = 1; sequence <= length; ++sequence) {
    EventHeader header = event(epoch, sequence);
    header.digest = digest;
    std::string bytes = encode_heartbeat(header, {});
    digest = extend_digest(digest, bytes);
    result.emplace_back(std::move(header), std::move(bytes));
  }
  return result;
}

}  // namespace

TEST_CASE("an event at or below the mark of its epoch is had already") {
  HighMarks marks;
  CHECK(marks.see(event(5, 1)));
  CHECK(marks.see(event(5, 2)));
  CHECK_FALSE(marks.see(event(5, 2)));
  CHECK_FALSE(marks.see(event(5, 1)));
  CHECK(marks.see(event(5, 3)));
  CHECK(marks.epochs().at({"plant-7", 5}).last == 3);
  CHECK(marks.epochs().at({"plant-7", 5}).repeats == 2);
  CHECK(marks.epochs().at({"plant-7", 5}).missing == 0);
}

TEST_CASE("each gateway and each epoch has a mark of its own") {
  HighMarks marks;
  CHECK(marks.see(event(5, 1)));
  CHECK(marks.see(event(6, 1)));
  CHECK(marks.see(event(5, 1, "plant-8")));
  CHECK(marks.see(event(5, 2)));
  CHECK(marks.epochs().size() == 3);
}

TEST_CASE("a gap is counted, at an epoch's beginning too, and what comes after it is taken") {
  HighMarks marks;
  CHECK(marks.see(event(5, 4)));
  CHECK(marks.see(event(5, 7)));
  CHECK(marks.epochs().at({"plant-7", 5}).missing == 5);
}

TEST_CASE("an epoch that its successor names is unfinished until its last event has come") {
  HighMarks marks;
  EventHeader first = event(6, 1);
  first.previous_epoch = 5;
  first.previous_sequence = 2;
  marks.see(first);
  REQUIRE(marks.unfinished().size() == 1);
  CHECK(marks.unfinished()[0].epoch == 5);
  CHECK(marks.unfinished()[0].seen == 0);
  CHECK(marks.unfinished()[0].expected == 2);
  marks.see(event(5, 1));
  CHECK(marks.unfinished()[0].seen == 1);
  marks.see(event(5, 2));
  CHECK(marks.unfinished().empty());
}

TEST_CASE("a chain of digests holds from an epoch's first event on, repeats apart") {
  HighMarks marks;
  const auto log = chain(5, 4);
  for (const auto& [header, bytes] : log) {
    marks.see(header, bytes);
    marks.see(header, bytes);
  }
  CHECK(marks.epochs().at({"plant-7", 5}).broken == 0);
  CHECK(marks.epochs().at({"plant-7", 5}).repeats == 4);
}

TEST_CASE("an event that is not the one its successors were written after breaks the chain") {
  auto log = chain(5, 4);
  log[1].second = encode_heartbeat(log[1].first, {"0.2.0", "", false, 0});
  HighMarks marks;
  for (const auto& [header, bytes] : log) marks.see(header, bytes);
  CHECK(marks.epochs().at({"plant-7", 5}).broken == 1);
}

TEST_CASE("a first event that claims something before it breaks the chain") {
  auto log = chain(5, 1);
  log[0].first.digest[3] = 1;
  HighMarks marks;
  marks.see(log[0].first, log[0].second);
  CHECK(marks.epochs().at({"plant-7", 5}).broken == 1);
}

TEST_CASE("across a gap the chain starts again, because it cannot be followed") {
  const auto log = chain(5, 4);
  HighMarks marks;
  for (const std::size_t i : {0u, 2u, 3u}) marks.see(log[i].first, log[i].second);
  CHECK(marks.epochs().at({"plant-7", 5}).missing == 1);
  CHECK(marks.epochs().at({"plant-7", 5}).broken == 0);
}
