#include <doctest/doctest.h>

#include "edge/event/fold.h"
#include "tests/property/event/random_panes.h"

using namespace tidemark;
using random_panes::Generator;

namespace {

/// Reads the bytes every way there is. What matters is that nothing breaks (the sanitizers watch), and that the ways
/// agree.
void read(const std::string& bytes) {
  const Result<Event, EventError> event = decode_event(bytes);
  Fold fold(Fold::Digests::check);
  const Result<bool, EventError> taken = fold.accept(bytes);
  const Result<EventHeader, EventError> header = decode_header(bytes);
  if (event) {
    REQUIRE(header);
    REQUIRE(taken);
    // What was read can be written, and says the same.
    if (const WindowBatch* batch = std::get_if<WindowBatch>(&event->body)) {
      std::vector<SeriesPane> panes;
      for (const DecodedPane& decoded : batch->panes) panes.push_back({&batch->series[decoded.series], &decoded.pane});
      const Result<Event, EventError> again = decode_event(encode_window_batch(event->header, panes));
      REQUIRE(again);
      REQUIRE(std::get<WindowBatch>(again->body).panes.size() == panes.size());
    }
  }
}

std::vector<std::string> samples(std::uint32_t seed) {
  Generator generator(seed);
  std::vector<std::string> result;
  for (const bool extreme : {false, true}) {
    const random_panes::Panes panes = generator.panes({extreme ? 2 : 6, 2, extreme, ComponentSet(15)});
    result.push_back(encode_window_batch(generator.header(), panes.list));
  }
  SourceReport report;
  report.sources.push_back({"climate",
                            3,
                            "press-1",
                            2,
                            EventTime{-5},
                            EventTime{0},
                            ArrivalTime{17},
                            {},
                            seconds(3),
                            {{"received", 12}, {"duplicate", 1}}});
  report.sources.push_back({});
  result.push_back(encode_source_report(generator.header(), report));
  result.push_back(encode_heartbeat(generator.header(), {"0.1.0", "9f86d081", true, 5}));
  return result;
}

}  // namespace

TEST_CASE("an event cut anywhere is refused") {
  for (const std::string& whole : samples(1)) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      // A FlatBuffer may carry bytes after its last object, so not every cut is damage, but none may break anything.
      read(whole.substr(0, size));
    }
  }
}

TEST_CASE("an event with any bit flipped is read or refused, and breaks nothing") {
  for (const std::string& whole : samples(2)) {
    // A long event is all columns; every seventh bit reaches every place in a byte.
    const std::size_t step = whole.size() > 1'000 ? 7 : 1;
    for (std::size_t bit = 0; bit < whole.size() * 8; bit += step) {
      std::string damaged = whole;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
      read(damaged);
    }
  }
}

TEST_CASE("an event with several bytes replaced is read or refused, and breaks nothing") {
  Generator generator(3);
  for (std::uint32_t round = 0; round < 2'000; ++round) {
    const std::vector<std::string> whole = samples(round % 20);
    std::string damaged = whole[round % whole.size()];
    for (std::uint32_t i = generator.below(6) + 1; i > 0; --i) {
      const auto at = generator.below(static_cast<std::uint32_t>(damaged.size()));
      // The ends of the integers are where checks are forgotten.
      constexpr std::uint8_t kEnds[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
      damaged[at] = static_cast<char>(generator.below(2) == 0 ? kEnds[generator.below(5)] : generator.below(256));
    }
    read(damaged);
  }
}

TEST_CASE("random bytes behind the identifier are refused") {
  Generator generator(4);
  for (int round = 0; round < 4'000; ++round) {
    std::string bytes(8 + generator.below(200), '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(generator.below(4) == 0 ? generator.below(256) : generator.below(16));
    bytes.replace(4, 4, "TDMK");
    read(bytes);
  }
}
