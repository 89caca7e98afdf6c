// Real clocks: a recorded LoRaWAN log in which each message names, for every gateway that heard it, that gateway's
// time: 53,878 of them, some wrong by up to 2.5 years. The gateways are the sources here. Where the log is not there,
// nothing is tested.
#include <doctest/doctest.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/scenario/model_gateway.h"

namespace tidemark::test {
namespace {

constexpr std::string_view kYear = "\"time\":\"20";

struct Line {
  std::string text;
  ArrivalTime arrival;
};

std::vector<Line> recorded_lines() {
  const char* const folder = std::getenv("TIDEMARK_DATA");
  const std::filesystem::path path =
      std::filesystem::path(folder != nullptr ? folder : TIDEMARK_SOURCE_DIR "/../shared/data") / "campusiot" /
      "sainteynard_33.ndjson.gz";
  std::vector<Line> lines;
  const gzFile in = gzopen(path.c_str(), "rb");
  if (in == nullptr) return lines;
  std::vector<char> buffer(1 << 20);
  while (gzgets(in, buffer.data(), static_cast<int>(buffer.size())) != nullptr) {
    std::string text(buffer.data());
    constexpr std::string_view key = "\"_timestamp\":";
    const std::size_t at = text.find(key);
    if (at == std::string::npos) continue;
    lines.push_back({text, {std::strtoll(text.c_str() + at + key.size(), nullptr, 10) * 1'000'000}});
  }
  gzclose(in);
  return lines;
}

/// Panes and windows by source, as text; and where the readings went.
struct Outcome {
  std::map<std::string, std::string> by_source;
  std::map<std::string, std::uint32_t> generations;
  std::uint64_t readings = 0;
  std::uint64_t counted = 0;
  std::uint64_t quarantined = 0;
  std::uint64_t elsewhere = 0;  // without a time, and repeated
  std::uint64_t folded = 0;
  std::string broken;
};

Outcome run(const std::vector<Line>& lines) {
  ProcessorSettings settings;
  StreamDefinition& stream = settings.streams.emplace_back();
  stream.name = "receptions";
  stream.topic = "application/rx";
  stream.source = "gatewayID";
  stream.each = "rxInfo";
  stream.time = "time";
  stream.time_format = TimeFormat::rfc3339;
  stream.fields = {{"rssi", "rssi", "", FieldKind::gauge}};
  stream.aggregates = {"count", "sum"};
  stream.components = ComponentSet(Parts::kKnown);
  stream.window = hours(1);
  ModelGateway gateway(std::move(settings));
  Outcome outcome;
  const auto note = [&](const std::vector<EmittedPane>& panes) {
    for (const EmittedPane& emitted : panes) {
      outcome.by_source[emitted.series.source] +=
          std::to_string(emitted.pane.start.ns) + " " + std::to_string(static_cast<int>(emitted.pane.kind)) + " " +
          std::to_string(emitted.pane.revision) + " " + std::to_string(emitted.pane.state.count()) + "\n";
    }
  };
  const auto at = [&](ArrivalTime arrival) { return Now{arrival, MonotonicTime{(arrival - lines[0].arrival).ns + 1}}; };
  gateway.start(at(lines[0].arrival));
  ArrivalTime now = lines[0].arrival;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    now = std::max(now, lines[i].arrival);
    Message message;
    message.topic = "application/rx";
    message.payload = lines[i].text;
    message.payload_size = lines[i].text.size();
    message.arrival = lines[i].arrival;
    gateway.processor().message(message, 0, at(now).monotonic);
    if (i % 100 == 99) note(gateway.end_group(at(now)));
  }
  note(gateway.end_group(at(now)));
  note(gateway.end_group(at(now + hours(2))));
  outcome.broken = gateway.broken_law();
  const Ledger& ledger = gateway.state().streams[0].total;
  outcome.readings = ledger[Counter::readings];
  outcome.counted = ledger[Counter::counted];
  outcome.quarantined = ledger[Counter::quarantined];
  outcome.elsewhere = ledger.rejected_readings() + ledger[Counter::duplicate];
  for (const auto& [key, window] : gateway.fold().windows()) {
    const WindowState state = window.state();
    ByteWriter bytes;
    state.encode(bytes);
    outcome.folded += state.count();
    outcome.by_source[std::get<2>(key)] += std::to_string(std::get<5>(key)) + " " + std::string(bytes.view()) + "\n";
  }
  for (const auto& source : gateway.state().sources) outcome.generations[source->name] = source->generation;
  return outcome;
}

}  // namespace

TEST_CASE("one reading a year ahead changes no other source's windows, among thousands of real clocks") {
  std::vector<Line> lines = recorded_lines();
  if (lines.empty()) {
    MESSAGE("the recorded log is not there; nothing was tested");
    return;
  }
  const Outcome as_it_was = run(lines);
  CHECK(as_it_was.broken == "");
  CHECK(as_it_was.counted + as_it_was.quarantined + as_it_was.elsewhere == as_it_was.readings);
  CHECK(as_it_was.folded == as_it_was.counted);
  CHECK(as_it_was.counted > 40'000);

  // In the middle of the log, the first reading with a time.
  const auto moved = std::find_if(lines.begin() + static_cast<std::ptrdiff_t>(lines.size() / 2), lines.end(),
                                  [](const Line& line) { return line.text.find(kYear) != std::string::npos; });
  REQUIRE(moved != lines.end());
  const std::size_t time = moved->text.find(kYear);
  const std::size_t year = time + kYear.size();
  const int next = std::stoi(moved->text.substr(year, 2)) + 1;
  moved->text.replace(year, 2, std::to_string(next));
  constexpr std::string_view id = "\"gatewayID\":\"";
  const std::size_t name = moved->text.rfind(id, time) + id.size();
  const std::string source = moved->text.substr(name, moved->text.find('"', name) - name);

  const Outcome a_year_ahead = run(lines);
  CHECK(a_year_ahead.broken == "");
  CHECK(a_year_ahead.readings == as_it_was.readings);
  CHECK(a_year_ahead.folded == a_year_ahead.counted);
  CHECK(a_year_ahead.quarantined == as_it_was.quarantined + 1);
  CHECK(a_year_ahead.generations == as_it_was.generations);
  REQUIRE(a_year_ahead.by_source.size() == as_it_was.by_source.size());
  for (const auto& [one, text] : as_it_was.by_source) {
    CAPTURE(one);
    CHECK((a_year_ahead.by_source.at(one) == text) == (one != source));
  }
  std::uint32_t generations = 0;
  for (const auto& [one, n] : as_it_was.generations) generations += n;
  MESSAGE(as_it_was.readings << " readings, " << as_it_was.counted << " counted, " << as_it_was.quarantined
                             << " quarantined; " << generations << " steps of clocks");
}

}  // namespace tidemark::test
