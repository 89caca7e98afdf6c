#include "firmware-sim/ndjson.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "firmware-sim/fleet.h"
#include "firmware-sim/recorded_line.h"

using namespace firmware_sim;

namespace {

struct TemporaryFile {
  explicit TemporaryFile(const std::string& ending)
      : path("/tmp/firmware-sim-log-" + std::to_string(::getpid()) + "-" + std::to_string(next++) + ending) {}
  ~TemporaryFile() { std::remove(path.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string path;
  static inline int next = 0;
};

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& path) {
  auto reader = LineReader::open(path);
  REQUIRE(reader);
  std::vector<std::string> lines;
  while (true) {
    auto line = reader->next();
    REQUIRE(line);
    if (!*line) break;
    lines.emplace_back(**line);
    REQUIRE(reader->line_number() == lines.size());
  }
  return lines;
}

FleetOptions options() {
  FleetOptions o;
  o.devices = 300;
  o.duration_us = 60'000'000;
  o.start_ms = 1'767'225'600'000;
  o.seed = 3;
  o.profile = *find_profile("chaos");
  for (const CatalogueEntry& entry : catalogue()) o.models.push_back(&entry);
  return o;
}

}  // namespace

TEST_CASE("what is recorded reads back as the same topics, payloads and times, packed or not") {
  for (const char* ending : {".ndjson", ".ndjson.gz"}) {
    const TemporaryFile file(ending);
    Fleet fleet(options());
    std::vector<Message> messages;
    fleet.advance(kForever_us, 1'000'000, messages);
    auto recorder = Recorder::create(file.path);
    REQUIRE(recorder);
    for (const Message& m : messages) REQUIRE(recorder->put(m, m.due_us / 1'000));
    REQUIRE(recorder->finish());

    const std::vector<std::string> lines = lines_of(file.path);
    REQUIRE(lines.size() == messages.size());
    RecordedLineParser parser({});
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto line = parser.parse(lines[i]);
      REQUIRE_MESSAGE(line, lines[i].substr(0, 200));
      REQUIRE(line->topic == messages[i].identity->topic);
      REQUIRE(line->payload == messages[i].payload);
      REQUIRE(line->at_ms == messages[i].due_us / 1'000);
      REQUIRE(line->retained == messages[i].retained);
    }
    CHECK((bytes_of(file.path).substr(0, 2) == "\x1f\x8b") == (std::string(ending) == ".ndjson.gz"));
  }
}

TEST_CASE("lines end with or without a return, and the last one needs no end") {
  const TemporaryFile file(".ndjson");
  std::ofstream(file.path) << "one\r\n\ntwo\n" << std::string(200'000, 'x') << "\nlast";
  const auto lines = lines_of(file.path);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "one");
  CHECK(lines[1].empty());
  CHECK(lines[2] == "two");
  CHECK(lines[3].size() == 200'000);
  CHECK(lines[4] == "last");
}

TEST_CASE("a packed log that was cut off is an error, not an end") {
  const TemporaryFile file(".ndjson.gz");
  {
    Fleet fleet(options());
    std::vector<Message> messages;
    fleet.advance(kForever_us, 2'000, messages);
    auto recorder = Recorder::create(file.path);
    REQUIRE(recorder);
    for (const Message& m : messages) REQUIRE(recorder->put(m, 0));
    REQUIRE(recorder->finish());
  }
  const std::string whole = bytes_of(file.path);
  std::ofstream(file.path, std::ios::binary | std::ios::trunc) << whole.substr(0, whole.size() / 2);
  auto reader = LineReader::open(file.path);
  REQUIRE(reader);
  while (true) {
    auto line = reader->next();
    if (!line) {
      CHECK(line.error().context.find("after line") != std::string::npos);
      break;
    }
    REQUIRE_MESSAGE(*line, "the end came without an error");
  }
  CHECK_FALSE(LineReader::open("/nowhere/at/all.ndjson"));
  CHECK_FALSE(Recorder::create("/nowhere/at/all.ndjson"));
}

TEST_CASE("payloads of recorded lines are published as they stand in the file") {
  RecordedLineParser parser({});
  struct Row {
    const char* line;
    const char* payload;
  };
  const Row rows[] = {
      {R"({"topic":"a","payload":{"b": 1.50,  "c":[1,2]},"at":5})", R"({"b": 1.50,  "c":[1,2]})"},
      {R"({"topic":"a","payload":[1, 2]})", "[1, 2]"},
      {R"({"topic":"a","payload":12.50 ,"at":5})", "12.50"},
      {R"({"topic":"a","payload":true})", "true"},
      {R"({"topic":"a","payload":null})", "null"},
      {R"({"payload":"a\nb\u00e9","topic":"a"})", "a\nb\u00e9"},
      {R"({"topic":"a","payload":"","more":{"payload":3}})", ""},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    const auto line = parser.parse(row.line);
    REQUIRE(line);
    CHECK(line->payload == row.payload);
  }
}

TEST_CASE("with topic and time keys the whole line is the payload") {
  RecordedLineParser parser({"_topic", "_timestamp", ""});
  const std::string text = R"({"a":{"_topic":"no"},"_timestamp":1687514517004,"_topic":"application/rx","x": 1})";
  const auto line = parser.parse(text);
  REQUIRE(line);
  CHECK(line->topic == "application/rx");
  CHECK(line->payload == text);
  CHECK(line->at_ms == 1'687'514'517'004);

  RecordedLineParser elsewhere({"_topic", "_timestamp", "other"});
  CHECK(elsewhere.parse(text)->topic == "other");
  CHECK(elsewhere.parse(R"({"x":1})")->topic == "other");
}

TEST_CASE("a line that cannot be published is refused with its reason") {
  RecordedLineParser parser({});
  for (const char* wrong :
       {"", "x", "[]", "3", R"({"topic":"a"})", R"({"payload":1})", R"({"topic":1,"payload":1})",
        R"({"topic":"a/+","payload":1})", R"({"topic":"","payload":1})", R"({"topic":"a","payload":1)",
        R"({"topic":"a","payload":1,"at":"x"})", R"({"topic":"a","payload":{"b":1})", R"({"topic":"a","payload":"b)"}) {
    CAPTURE(wrong);
    const auto line = parser.parse(wrong);
    REQUIRE_FALSE(line);
    CHECK_FALSE(line.error().empty());
  }
}
