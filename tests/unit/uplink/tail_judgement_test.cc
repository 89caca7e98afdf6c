#include "gateway/uplink/tail_judgement.h"

#include <doctest/doctest.h>

#include <string>

#include "edge/event/event.h"

namespace tidemark {
namespace {

std::string event(std::uint64_t epoch, std::uint64_t sequence, const std::string& gateway = "g") {
  EventHeader header;
  header.gateway = gateway;
  header.epoch = epoch;
  header.sequence = sequence;
  return encode_heartbeat(header, {});
}

struct Room {
  Contact known{"cluster", "telemetry", 0, 10, 5, 3};
  Lineage lineage;
  std::string gateway = "g";
  Room() { lineage.add(5, 6); }
};

TEST_CASE("the event that was acknowledged is the witness; what is before it does not count") {
  Room room;
  TailJudgement judgement(room.known, room.lineage, room.gateway);
  judgement.see(9, "g", event(77, 1));
  judgement.see(10, "g", event(5, 3));
  CHECK_FALSE(judgement.other_log());
  CHECK(judgement.repeated() == 0);
  CHECK(judgement.forked() == 0);
}

TEST_CASE("anything else at its offset is another log") {
  Room room;
  for (const auto& [key, value] : {std::pair<std::string, std::string>{"g", event(5, 4)},
                                   {"g", event(6, 3)},
                                   {"h", event(5, 3)},
                                   {"g", event(5, 3, "h")},
                                   {"g", "no event"},
                                   {"", ""}}) {
    TailJudgement judgement(room.known, room.lineage, room.gateway);
    judgement.see(10, key, value);
    CHECK(judgement.other_log());
  }
}

TEST_CASE("a log that begins later, or has a hole there, has no witness and is not objected to") {
  Room room;
  TailJudgement judgement(room.known, room.lineage, room.gateway);
  judgement.see(11, "h", event(1, 1, "h"));
  CHECK_FALSE(judgement.other_log());
}

TEST_CASE("behind it our own events are repeats, those that we never wrote are a fork, and others' are nothing") {
  Room room;
  TailJudgement judgement(room.known, room.lineage, room.gateway);
  judgement.see(10, "g", event(5, 3));
  judgement.see(11, "g", event(5, 4));
  judgement.see(12, "h", event(9, 1, "h"));
  judgement.see(13, "g", "no event");
  judgement.see(14, "g", event(5, 6));
  CHECK(judgement.repeated() == 2);
  CHECK(judgement.forked() == 0);
  judgement.see(15, "g", event(5, 7));  // beyond what was ever committed
  judgement.see(16, "g", event(8, 1));  // of an epoch that was never begun
  CHECK(judgement.repeated() == 2);
  CHECK(judgement.forked() == 2);
  CHECK(judgement.first_fork() == "epoch 0000000000000005, sequence 7, at offset 15");
}

}  // namespace
}  // namespace tidemark
