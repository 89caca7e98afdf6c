#include "firmware-sim/mailbox.h"

#include <doctest/doctest.h>

#include <thread>
#include <vector>

using namespace firmware_sim;

namespace {

Note acknowledged(std::uint32_t position) {
  return {Note::Kind::acknowledged, 0, 1, position, {}};
}

std::chrono::steady_clock::time_point far() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(60);
}

}  // namespace

TEST_CASE("notes come out in the order in which they were posted, once") {
  Mailbox mailbox;
  mailbox.post(acknowledged(1));
  mailbox.post({Note::Kind::lost, 0, 1, 0, "gone"});
  mailbox.post(acknowledged(2));
  std::vector<Note> notes{acknowledged(9)};
  mailbox.take(notes);
  REQUIRE(notes.size() == 3);
  CHECK(notes[0].position == 1);
  CHECK(notes[1].text == "gone");
  CHECK(notes[2].position == 2);
  mailbox.take(notes);
  CHECK(notes.empty());
}

TEST_CASE("a wait ends with as many acknowledgements as were asked for") {
  Mailbox mailbox;
  std::thread poster([&] {
    for (std::uint32_t i = 0; i < 50; ++i) mailbox.post(acknowledged(i));
  });
  mailbox.wait_until(far(), 50);
  std::vector<Note> notes;
  mailbox.take(notes);
  CHECK(notes.size() == 50);
  poster.join();
}

TEST_CASE("a change of the connection ends a wait at once") {
  Mailbox mailbox;
  std::thread poster([&] { mailbox.post({Note::Kind::lost, 0, 1, 0, "gone"}); });
  mailbox.wait_until(far(), 1'000);
  std::vector<Note> notes;
  mailbox.take(notes);
  CHECK(notes.size() == 1);
  poster.join();
}

TEST_CASE("a wait ends at its deadline") {
  Mailbox mailbox;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
  mailbox.wait_until(deadline, 1);
  CHECK(std::chrono::steady_clock::now() >= deadline);
}
