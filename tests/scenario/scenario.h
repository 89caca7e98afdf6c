// Runs one scenario: a text file of commands, one a line, read from top to bottom. README.md lists them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/scenario/model_gateway.h"

namespace tidemark::test {

class Scenario {
 public:
  /// The first thing that is not as the text says, with its line; empty: all is.
  std::string run(std::string_view text);

 private:
  using Words = std::vector<std::string>;
  using Options = std::map<std::string, std::string>;

  void command(const std::string& line);
  void stream(const Words& words, StreamDefinition& definition);
  void send(const std::string& line);
  void expect(const Words& words);
  void expect_pane(const Words& words);
  void expect_fold(const Words& words);
  void expect_counter(const Words& words);
  void expect_mark(const Words& words);
  void expect_generation(const Words& words);
  void run_timers(std::int64_t until);
  void group();
  void ready();

  [[nodiscard]] Now now() const { return {ArrivalTime{wall_}, MonotonicTime{wall_ - stood_still_}}; }

  ProcessorSettings settings_;
  std::optional<ModelGateway> gateway_;
  std::int64_t wall_ = 0;
  std::int64_t stood_still_ = 0;  // how long the monotonic clock was held
  std::uint64_t ordinal_ = 0;
  std::vector<EmittedPane> panes_;  // left, and not expected yet
  std::size_t letters_seen_ = 0;
};

}  // namespace tidemark::test
