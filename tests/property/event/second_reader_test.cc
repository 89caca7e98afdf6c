// tests/system/event_reader.py is written from docs/formats/event.md alone. Here it reads random events beside the C++
// reader.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/property/event/random_panes.h"
#include "tests/unit/event/pane_json.h"

using namespace tidemark;
using random_panes::Generator;

TEST_CASE("a reader written from the document alone reads every event the same") {
  const auto folder = std::filesystem::temp_directory_path() / ("tidemark-events-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::string command = "python3 '" TIDEMARK_SOURCE_DIR "/tests/system/event_reader.py'";
  std::vector<std::string> expected;
  for (std::uint32_t seed = 0; seed < 96; ++seed) {
    Generator generator(seed);
    const random_panes::Panes panes =
        generator.panes({static_cast<int>(generator.below(40)) + 1, 5, seed % 2 == 1, ComponentSet(seed % 16)});
    const std::string bytes = encode_window_batch(generator.header(), panes.list);
    const std::string file = (folder / std::to_string(seed)).string();
    std::ofstream(file, std::ios::binary) << bytes;
    command += " '" + file + "'";
    const Result<Event, EventError> event = decode_event(bytes);
    REQUIRE(event);
    const WindowBatch& batch = std::get<WindowBatch>(event->body);
    expected.push_back(pane_json::line(event->header));
    for (const DecodedPane& decoded : batch.panes) {
      expected.push_back(pane_json::line(batch.series[decoded.series], decoded.pane));
    }
  }
  const std::string output = (folder / "lines").string();
  REQUIRE(std::system((command + " >'" + output + "'").c_str()) == 0);
  std::vector<std::string> lines;
  std::ifstream in(output);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  REQUIRE(lines.size() == expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) REQUIRE(lines[i] == expected[i]);
  std::filesystem::remove_all(folder);
}
