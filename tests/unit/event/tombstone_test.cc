#include "edge/event/tombstone.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "edge/event/fold.h"

using namespace tidemark;

namespace {

const SeriesIdentity kSeries{"climate", 1, "press-1", "{}", "temperature", "Cel", FieldKind::gauge, seconds(10)};

/// A log of one epoch: a heartbeat, two batches of two windows each (of one and two readings), a heartbeat.
std::vector<std::string> log_of_four() {
  std::vector<std::string> events;
  EventHeader header{"plant-7", 0xfedcba9876543210, 0, 7, 99, {}, {1'700'000'000'000'000'000}};
  const auto add = [&](const auto& encode) {
    ++header.sequence;
    events.push_back(encode());
    header.digest = extend_digest(header.digest, events.back());
    header.previous_epoch = header.previous_sequence = 0;
  };
  add([&] { return encode_heartbeat(header, {"0.1.0", "abc", true, 1}); });
  for (const std::int64_t start : {20, 40}) {
    add([&] {
      std::vector<Pane> panes;
      for (std::int64_t i = 0; i < 2; ++i) {
        WindowState state(ComponentSet(15));
        for (std::int64_t k = 0; k <= i; ++k) state.add({k}, {200 + k, -1});
        panes.push_back({{(start + 10 * i) * 1'000'000'000}, 1, PaneKind::on_time, 0, state});
      }
      std::vector<SeriesPane> list;
      for (const Pane& pane : panes) list.push_back({&kSeries, &pane});
      return encode_window_batch(header, list);
    });
  }
  add([&] { return encode_heartbeat(header, {"0.1.0", "abc", true, 2}); });
  return events;
}

}  // namespace

TEST_CASE("a tombstone says whose place it takes and what was in the event") {
  const auto events = log_of_four();
  const auto bytes = tombstone_of(events[1]);
  REQUIRE(bytes);
  const auto read = decode_event(*bytes);
  REQUIRE(read);
  CHECK(read->header.sequence == 2);
  CHECK(read->header.digest == decode_header(events[1])->digest);
  CHECK(read->header.committed_at == decode_header(events[1])->committed_at);
  const auto& tombstone = std::get<Tombstone>(read->body);
  CHECK(tombstone.bytes == events[1].size());
  CHECK(tombstone.panes == 2);
  CHECK(tombstone.readings == 3);
  CHECK(tombstone.first_start == EventTime{20'000'000'000});
  CHECK(tombstone.last_end == EventTime{40'000'000'000});
  CHECK(tombstone.digest_after == decode_header(events[2])->digest);
  // An epoch's first event names the epoch before, and so does its tombstone.
  const auto first = decode_event(*tombstone_of(events[0]));
  CHECK(first->header.previous_epoch == 7);
  CHECK(first->header.previous_sequence == 99);
  CHECK(std::get<Tombstone>(first->body).panes == 0);
}

TEST_CASE("equal events have equal tombstones, smaller than the event of a few panes") {
  for (const std::string& event : log_of_four()) CHECK(*tombstone_of(event) == *tombstone_of(event));
  CHECK(tombstone_of(log_of_four()[1])->size() < log_of_four()[1].size());
}

TEST_CASE("a tombstone has no tombstone, and neither has what is no event") {
  CHECK_FALSE(tombstone_of(*tombstone_of(log_of_four()[1])));
  CHECK_FALSE(tombstone_of("no event"));
}

TEST_CASE("the fold goes over a tombstone: mark, digest and count") {
  const auto events = log_of_four();
  const std::string tombstone = *tombstone_of(events[1]);
  Fold fold(Fold::Digests::check);
  for (const std::string& event : {events[0], tombstone, events[2], tombstone, events[3]}) REQUIRE(fold.accept(event));
  CHECK(fold.windows() == 2);
  CHECK(fold.parked() == ParkedTotal{1, 2, 3});
  const EpochMark& mark = fold.marks().epochs().at({"plant-7", 0xfedcba9876543210});
  CHECK(mark.last == 4);
  CHECK(mark.missing == 0);
  CHECK(mark.repeats == 1);
  CHECK(mark.broken == 0);
}

TEST_CASE("the event behind another event's tombstone does not follow") {
  const auto events = log_of_four();
  Fold fold(Fold::Digests::check);
  const auto event = decode_event(*tombstone_of(events[1]));
  Tombstone other = std::get<Tombstone>(event->body);
  other.digest_after[3] ^= 1;
  for (const std::string& one : {events[0], encode_tombstone(event->header, other), events[2]}) {
    REQUIRE(fold.accept(one));
  }
  CHECK(fold.marks().epochs().begin()->second.broken == 1);
}

TEST_CASE("what hostile tombstones say adds up to no more than a number holds") {
  ParkedTotal total;
  Tombstone tombstone;
  tombstone.readings = std::numeric_limits<std::uint64_t>::max();
  total.add(tombstone);
  total.add(tombstone);
  CHECK(total.events == 2);
  CHECK(total.readings == std::numeric_limits<std::uint64_t>::max());
}
