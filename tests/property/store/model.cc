#include "tests/property/store/model.h"

#include <algorithm>

namespace tidemark::test {

std::uint64_t Model::passed() const {
  if (shards.size() < kShards) return 0;
  return std::ranges::min_element(shards, {}, [](const auto& entry) { return entry.second.position; })->second.position;
}

void Model::commit(const GroupCommit& group, const std::map<std::string, std::string, std::less<>>& changed_settings) {
  ++position;
  journal[position] = {group.readings, std::string(group.plan)};
  for (const LogEvent& event : group.events) {
    log[++log_last] = {event.epoch, event.sequence, event.bytes, group.committed.ns};
    last_epoch = event.epoch;
    last_sequence = event.sequence;
  }
  for (const DeadLetter& letter : group.dead_letters) {
    ++dead_letters;
    last_dead_letter = letter.payload;
  }
  for (const ShardImage& shard : group.shards) shards[shard.shard] = {position, shard.body};
  const std::uint64_t gone = passed();
  std::erase_if(journal, [&](const auto& entry) { return entry.first <= gone; });
  for (const auto& [name, value] : changed_settings) settings[name] = value;
}

void Model::trim(ArrivalTime before, std::uint64_t max_rows) {
  for (; max_rows > 0 && !log.empty() && log.begin()->second.committed < before.ns; --max_rows) log.erase(log.begin());
}

std::string difference(const Model& model, const Observed& observed) {
  const Recovered& recovered = observed.recovered;
  if (recovered.journal_position != model.position) {
    return "journal ends at " + std::to_string(recovered.journal_position) + " instead of " +
           std::to_string(model.position);
  }
  if (!recovered.damaged_shards.empty()) return "a shard is damaged";
  std::map<std::uint32_t, Model::Shard> shards;
  for (const ShardImage& shard : recovered.shards) shards[shard.shard] = {shard.position, shard.body};
  if (shards != model.shards) return "shards differ";
  if (observed.journal.size() != model.journal.size()) {
    return "journal has " + std::to_string(observed.journal.size()) + " rows instead of " +
           std::to_string(model.journal.size());
  }
  std::uint64_t readings = 0;
  for (const auto& [position, group] : model.journal) {
    const auto found = observed.journal.find(position);
    if (found == observed.journal.end()) return "journal row " + std::to_string(position) + " is missing";
    if (!found->second) return "journal row " + std::to_string(position) + " is damaged";
    if (*found->second != group) return "journal row " + std::to_string(position) + " differs";
    readings += group.readings;
  }
  if (recovered.last_epoch != model.last_epoch || recovered.last_sequence != model.last_sequence) {
    return "the log ends with another epoch or sequence";
  }
  if (observed.log.size() != model.log.size()) {
    return "log has " + std::to_string(observed.log.size()) + " rows instead of " + std::to_string(model.log.size());
  }
  for (const LogRow& row : observed.log) {
    const auto found = model.log.find(row.position);
    if (found == model.log.end()) return "log row " + std::to_string(row.position) + " is unknown";
    if (found->second.epoch != row.event.epoch || found->second.sequence != row.event.sequence ||
        found->second.bytes != row.event.bytes) {
      return "log row " + std::to_string(row.position) + " differs";
    }
  }
  if (observed.settings != model.settings) return "settings differ";
  const StoreFigures& figures = observed.figures;
  if (figures.dead_letters + figures.dead_letters_dropped != model.dead_letters ||
      figures.dead_letters != observed.dead_letters.size()) {
    return "dead letters differ";
  }
  if (!observed.dead_letters.empty() && observed.dead_letters.back().letter.payload != model.last_dead_letter) {
    return "the last dead letter differs";
  }
  if (figures.damaged_rows != 0) return "rows are counted as damaged";
  if (figures.journal_rows != model.journal.size() || figures.journal_readings != readings ||
      figures.log_rows != model.log.size() || figures.log_last != model.log_last ||
      figures.log_first != (model.log.empty() ? 0 : model.log.begin()->first)) {
    return "figures differ";
  }
  return {};
}

}  // namespace tidemark::test
