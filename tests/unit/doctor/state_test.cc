#include "gateway/doctor/state.h"

#include <doctest/doctest.h>

#include "tests/unit/doctor/judgement.h"

namespace tidemark::doctor {
namespace {

using FileSystem = PlaceFacts::FileSystem;
using test::says;
using test::worst;

constexpr ArrivalTime kNow{1'767'323'045'000'000'000};

PlaceFacts place() {
  PlaceFacts facts;
  facts.path = "/var/lib/tidemark/state.db";
  facts.file_system = "ext4";
  facts.folder_writable = true;
  facts.file_there = true;
  facts.file_writable = true;
  facts.owner = "tidemark";
  facts.free_bytes = 8ull << 30;
  facts.syncs = {milliseconds(2), milliseconds(3), milliseconds(9)};
  return facts;
}

ContentFacts content() {
  ContentFacts facts;
  facts.figures = StoreFigures{};
  facts.figures->log_rows = 100;
  facts.figures->log_bytes = 1 << 20;
  facts.figures->file_bytes = 2 << 20;
  facts.owner = "plant-7";
  facts.oldest = kNow - days(3);
  return facts;
}

StateBounds bounds() {
  StateBounds out;
  out.gateway = "plant-7";
  out.max_size = 1ull << 30;
  out.disk_reserve = 64ull << 20;
  out.greatest_file = 1200ull << 20;
  out.retention = days(7);
  out.commit_delay = milliseconds(100);
  return out;
}

Findings judged(const PlaceFacts& place, const ContentFacts& content, bool running = true) {
  Findings found = judge_state(place, content, bounds(), kNow, running);
  test::all_say_what_to_do(found);
  return found;
}

TEST_CASE("a state file with room on a disk is well") {
  const Findings found = judged(place(), content());
  CHECK(worst(found) == Level::ok);
  says(found, Level::ok, {"ext4", "8.0 GiB free", "64MiB"});
  says(found, Level::ok, {"fsync takes 3.0 ms", "at most 9.0", "100ms"});
  says(found, Level::ok, {"100 events", "2025-12-30"});
}

TEST_CASE("what the file lies on decides whether it is durable") {
  PlaceFacts facts = place();
  facts.file_system = "tmpfs";
  facts.kind = FileSystem::memory;
  says(judged(facts, content()), Level::error, {"tmpfs", "gone with the power"});
  facts.kind = FileSystem::layered;
  says(judged(facts, content()), Level::warning, {"container"});
  facts.kind = FileSystem::network;
  says(judged(facts, content()), Level::warning, {"server's business"});
}

TEST_CASE("room is judged by the reserve, and by what the file may still grow to") {
  PlaceFacts facts = place();
  facts.free_bytes = (64ull << 20) - 1;
  says(judged(facts, content()), Level::error, {"below limits.disk_reserve", "make room"});
  facts.free_bytes = 600ull << 20;
  says(judged(facts, content()), Level::warning, {"may grow by 1.2 GiB more"});
  // The file has its size already.
  ContentFacts grown = content();
  grown.figures->file_bytes = 1200ull << 20;
  CHECK(worst(judged(facts, grown)) == Level::ok);
  facts = place();
  facts.free_files = 0;
  says(judged(facts, content()), Level::error, {"inodes"});
}

TEST_CASE("a slow fsync asks for a longer commit_delay") {
  PlaceFacts facts = place();
  facts.syncs = {milliseconds(90), milliseconds(180), milliseconds(400)};
  says(judged(facts, content()), Level::warning, {"180.0 ms", "raise store.commit_delay to 500ms"});
  StateBounds natural = bounds();
  natural.commit_delay = {};
  CHECK(worst(judge_state(facts, content(), natural, kNow, true)) == Level::ok);
  facts.syncs.clear();
  facts.sync_error = "Input/output error";
  says(judged(facts, content()), Level::error, {"Input/output error", "dmesg"});
}

TEST_CASE("a folder or file that cannot be used is an error") {
  PlaceFacts facts = place();
  facts.read_only = true;
  says(judged(facts, content()), Level::error, {"read-only"});
  facts = place();
  facts.file_writable = false;
  says(judged(facts, content()), Level::error, {"state.db cannot be written", "tidemark"});
  facts = place();
  facts.folder_error = "Permission denied";
  says(judged(facts, {}), Level::error, {"/var/lib/tidemark cannot be used: Permission denied"});
}

TEST_CASE("a file that is not there is well before the first start, and an error beside a running appliance") {
  PlaceFacts facts = place();
  facts.file_there = false;
  says(judged(facts, {}, false), Level::ok, {"the first start makes it"});
  facts.file_hidden = true;
  facts.folder_writable = false;
  CHECK(judged(facts, {}, false).size() == judged(facts, {}, true).size());
  says(judged(facts, {}, true), Level::error, {"cannot be written by this user"});
  facts = place();
  facts.file_there = false;
  says(judged(facts, content(), true), Level::error, {"is not there, though an appliance runs"});
  facts.folder_error = "No such file or directory";
  says(judged(facts, {}, false), Level::warning, {"is not there yet"});
}

TEST_CASE("what the log holds is judged against its bounds") {
  ContentFacts facts = content();
  facts.figures->log_bytes = 1ull << 30;
  says(judged(place(), facts), Level::error, {"it is full"});
  facts.figures->log_bytes = (1ull << 30) / 100 * 95;
  says(judged(place(), facts), Level::warning, {"at the limit"});
  facts = content();
  facts.oldest = kNow - days(8);
  says(judged(place(), facts), Level::warning, {"more than store.retention = 7d"});
  facts = content();
  facts.figures->damaged_rows = 3;
  says(judged(place(), facts), Level::warning, {"3 rows were damaged"});
  facts = content();
  facts.owner = "plant-8";
  says(judged(place(), facts, false), Level::error, {"plant-8", "plant-7"});
}

TEST_CASE("an empty file is none") {
  ContentFacts facts;
  facts.trouble = "there is no such file";
  facts.trouble_code = StoreError::missing;
  const Findings found = judged(place(), facts, false);
  CHECK(worst(found) == Level::ok);
  says(found, Level::ok, {"or empty", "the first start makes it"});
}

TEST_CASE("a file that cannot be read is an error with the store's own words") {
  ContentFacts facts;
  facts.trouble = "state.db: not a Tidemark state file";
  facts.trouble_code = StoreError::not_ours;
  says(judged(place(), facts, false), Level::error, {"not a Tidemark state file"});
}

}  // namespace
}  // namespace tidemark::doctor
