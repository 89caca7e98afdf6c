// The worked example of docs/formats/event.md: its bytes are what the encoder writes, and say what the document says.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "edge/event/event.h"
#include "tests/unit/event/pane_json.h"

using namespace tidemark;

namespace {

/// The lines of the first fenced block after `heading`.
std::vector<std::string> block_after(const std::string& heading) {
  std::ifstream document(std::string(TIDEMARK_SOURCE_DIR) + "/docs/formats/event.md");
  REQUIRE(document);
  std::vector<std::string> lines;
  std::string line;
  while (std::getline(document, line) && line != heading) continue;
  while (std::getline(document, line) && line.rfind("```", 0) != 0) continue;
  while (std::getline(document, line) && line.rfind("```", 0) != 0) lines.push_back(line);
  return lines;
}

/// Bytes from lines of "offset  hex hex ...  remark": what stands between the first two double spaces.
std::string bytes_of(const std::vector<std::string>& lines) {
  std::string bytes;
  for (const std::string& line : lines) {
    const std::size_t from = line.find("  ") + 2;
    std::istringstream hex(line.substr(from, line.find("  ", from) - from));
    for (std::string byte; hex >> byte;) bytes.push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
  }
  return bytes;
}

std::string hex_of(const std::string& bytes) {
  std::string result;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i % 16 == 0) {
      char offset[16];
      std::snprintf(offset, sizeof offset, "%s%04x ", i == 0 ? "" : "\n", static_cast<unsigned>(i));
      result += offset;
    }
    char byte[8];
    std::snprintf(byte, sizeof byte, " %02x", static_cast<unsigned>(static_cast<std::uint8_t>(bytes[i])));
    result += byte;
  }
  return result;
}

WindowState window(std::int64_t start, std::initializer_list<std::pair<std::int64_t, Decimal>> readings) {
  WindowState state(ComponentSet(15));
  for (const auto& [milliseconds_in, value] : readings) state.add({start + milliseconds_in * 1'000'000}, value);
  return state;
}

std::string example() {
  const SeriesIdentity one{"climate",     1,     "press-1",        R"({"line":"2"})",
                           "temperature", "Cel", FieldKind::gauge, seconds(10)};
  SeriesIdentity two = one;
  two.source = "press-2";
  constexpr std::int64_t kStart = 1'700'000'000'000'000'000;
  const Pane panes[] = {
      {{kStart}, 1, PaneKind::on_time, 0, window(kStart, {{250, {2341, -2}}, {3'250, {235, -1}}, {9'250, {2338, -2}}})},
      {{kStart + seconds(10).ns}, 2, PaneKind::correction, 0, window(kStart + seconds(10).ns, {{250, {24, 0}}})},
      {{kStart}, 0, PaneKind::delta, pane_flag::dedup_unknown, window(kStart, {{4'500, {-15, -1}}})},
  };
  EventHeader header{"plant-7", 81985529216486895, 1, 1147797409030816545, 4711, {}, {kStart + 12'500'000'000}};
  const SeriesPane list[] = {{&one, &panes[0]}, {&one, &panes[1]}, {&two, &panes[2]}};
  return encode_window_batch(header, list);
}

}  // namespace

TEST_CASE("the example of docs/formats/event.md is what the encoder writes") {
  const std::string written = example();
  CHECK_MESSAGE(bytes_of(block_after("### The bytes")) == written, "the document should say:\n" << hex_of(written));
}

TEST_CASE("the example of docs/formats/event.md decodes to what the document says") {
  const Result<Event, EventError> event = decode_event(bytes_of(block_after("### The bytes")));
  REQUIRE(event);
  std::vector<std::string> lines{pane_json::line(event->header)};
  const WindowBatch& batch = std::get<WindowBatch>(event->body);
  for (const DecodedPane& decoded : batch.panes) {
    lines.push_back(pane_json::line(batch.series[decoded.series], decoded.pane));
  }
  CHECK(lines == block_after("### What they say"));
}

TEST_CASE("the digest of docs/formats/event.md follows from the example") {
  const std::vector<std::string> lines = block_after("### The digest after it");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == pane_json::hex(extend_digest({}, bytes_of(block_after("### The bytes")))));
}
