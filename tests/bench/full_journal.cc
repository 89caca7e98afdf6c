// Writes the state file of an appliance that was killed at the worst moment: more than 100,000 open windows, and a
// journal of 1,000,000 readings that no shard has passed. What the rotation of shards keeps is about two thirds of
// that.
//
//   full_journal CONFIGURATION: a configuration with one stream of plant/{site}/{device}/climate, JSON, time "ts",
//   field "temperature", 10 s windows and default lateness. Its state file must not exist yet.
//
// The plans are those that the processor makes of 16,000 devices with a reading a second, in groups of 1,000.
#include <chrono>
#include <cstdio>
#include <string>

#include "gateway/commands/configured.h"

namespace {

using namespace tidemark;

constexpr int kDevices = 16'000;
constexpr int kReadings = 1'000'000;
constexpr int kGroup = 1'000;

int write(const Configuration& configuration) {
  const PipelineSettings settings = pipeline_settings(configuration);
  auto processor = Processor::create(settings.processor);
  auto store = Store::open(settings.store);
  if (!processor || !store) {
    std::fputs("full_journal: the configuration or the state file cannot be used\n", stderr);
    return 1;
  }
  const auto nothing = [](const auto&) {};
  if (!(*store)->recover(nothing, nothing)) return 1;
  const auto commit = [&](const Group& group, std::span<const ShardImage> shards) {
    GroupCommit content;
    content.plan = group.plan;
    content.readings = group.readings;
    content.shards = shards;
    return (*store)->commit(content).has_value() && (*store)->checkpoint_if_due().has_value();
  };

  const auto now_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
          .count();
  // The last reading is of now: nothing is idle, sealed or ahead when the appliance starts.
  const std::int64_t begin_ms = now_ms - kReadings / kDevices * 1'000;
  const auto now = [&](int reading) {
    const std::int64_t passed_ms = std::int64_t{reading} * 1'000 / kDevices;
    return Now{{(begin_ms + passed_ms) * 1'000'000}, {(1'000 + passed_ms) * 1'000'000}};
  };
  const Group first = (*processor)->start(now(0));
  std::vector<ShardImage> shards;
  for (std::uint32_t shard = 0; shard < kShards; ++shard) shards.push_back({shard, 0, (*processor)->shard(shard)});
  if (!commit(first, shards)) return 1;

  (*processor)->session_opened(false);
  char topic[64], payload[96];
  for (int i = 0; i < kReadings; ++i) {
    const int device = i % kDevices;
    std::snprintf(topic, sizeof topic, "plant/north/d-%05d/climate", device);
    std::snprintf(payload, sizeof payload, "{\"ts\":%lld,\"temperature\":%d.%02d}",
                  static_cast<long long>(begin_ms + std::int64_t{i / kDevices} * 1'000), 20 + i % 5, i * 7 % 100);
    Message message;
    message.topic = topic;
    message.payload = payload;
    message.payload_size = message.payload.size();
    message.packet_id = static_cast<std::uint16_t>(1 + i % 4'096);
    message.arrival = now(i).arrival;
    (*processor)->message(message, static_cast<std::uint64_t>(i) + 1, now(i).monotonic);
    if (i % kGroup != kGroup - 1) continue;
    const Group group = (*processor)->end_group(now(i));
    (*processor)->retire(static_cast<std::uint64_t>(i) + 1);
    // The panes are left out: the log's length does not matter to a start.
    if (!commit(group, {})) return 1;
  }
  std::uint64_t windows = 0;
  for (const auto& series : (*processor)->state().series) windows += series ? series->windows.size() : 0;
  const StoreFigures figures = (*store)->figures();
  std::printf("%llu open windows, %llu readings in %llu journal rows\n", static_cast<unsigned long long>(windows),
              static_cast<unsigned long long>(figures.journal_readings),
              static_cast<unsigned long long>(figures.journal_rows));
  return (*store)->close() ? 0 : 1;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) {
    std::fputs("full_journal CONFIGURATION\n", stderr);
    return 2;
  }
  const auto configuration = read_configuration(words[1]);
  return configuration ? write(*configuration) : 2;
}
