// What a store must hold: the promises it has made, in plain containers.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/store.h"

namespace tidemark::test {

struct Model {
  struct Group {
    std::uint32_t readings = 0;
    std::string plan;
    friend bool operator==(const Group&, const Group&) = default;
  };
  struct Shard {
    std::uint64_t position = 0;
    std::string body;
    friend bool operator==(const Shard&, const Shard&) = default;
  };
  struct Event {
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    std::string bytes;
    std::int64_t committed = 0;
    friend bool operator==(const Event&, const Event&) = default;
  };

  std::uint64_t position = 0;
  std::map<std::uint64_t, Group> journal;  // by position; what not every shard has passed
  std::map<std::uint32_t, Shard> shards;
  std::map<std::uint64_t, Event> log;  // by position
  std::uint64_t log_last = 0;
  std::uint64_t last_epoch = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t dead_letters = 0;  // ever
  std::string last_dead_letter;
  std::map<std::string, std::string, std::less<>> settings;

  [[nodiscard]] std::uint64_t passed() const;
  void commit(const GroupCommit& group, const std::map<std::string, std::string, std::less<>>& changed_settings);
  /// As Store::trim_log.
  void trim(ArrivalTime before, std::uint64_t max_rows);
};

/// What a store gave back after a start. Empty: as the model has it; else the first difference.
struct Observed {
  Recovered recovered;
  std::map<std::uint64_t, std::optional<Model::Group>> journal;  // nullopt: damaged
  std::vector<LogRow> log;
  std::vector<DeadLetterRow> dead_letters;
  std::map<std::string, std::string, std::less<>> settings;  // those the model knows
  StoreFigures figures;
};

std::string difference(const Model& model, const Observed& observed);

}  // namespace tidemark::test
