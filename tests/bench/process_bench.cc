// Decode + decide + apply against a bare loop, in one run (budget: at most twice the bare loop's time for messages of
// one JSON reading, 10,000 series). The bare loop takes the same payloads through simdjson's On Demand API with a
// reused parser, looks the source up in a flat hash map, and updates mean and variance in doubles by Welford's method.
// It keeps no windows, no order and no bytes: it is what nobody can do without.
//
// process_lines is the same with messages of line protocol, as Telegraf writes them, against the same bare loop on
// JSON.
//
// Both take turns, a block of 100,000 readings each, so that neither profits from a quieter machine; both run warm. The
// argument is the number of readings a message holds. Counters: nanoseconds a reading. `processor` is message() and
// end_group() together; `decode` is a Decoder alone on the same messages, a part of it.
#include <benchmark/benchmark.h>
#include <simdjson.h>

#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "edge/aggregate/component.h"
#include "edge/decode/decoder.h"
#include "edge/processor/processor.h"

namespace tidemark {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kSeries = 10'000;
constexpr std::size_t kGroupReadings = 1'000;    // what 100 ms bring at 10,000 a second
constexpr std::size_t kBlockReadings = 100'000;  // ten of every series
// A minute of lateness and more: then windows leave as fast as they come.
constexpr int kWarmBlocks = 8;
constexpr std::int64_t kStartMs = 1'772'366'400'000;
constexpr std::int64_t kSecondMs = 1'000;

StreamDefinition climate(PayloadFormat format, bool batches) {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{site}/{device}/climate";
  stream.source = "{device}";
  stream.format = format;
  if (format == PayloadFormat::json) {
    stream.time = "ts";
    if (batches) stream.each = "r";
    stream.fields = {{"temperature", "temperature", "Cel", FieldKind::gauge}};
  } else {
    stream.time_format = TimeFormat::nanoseconds;
    stream.fields = {{"climate.temperature", "temperature", "Cel", FieldKind::gauge}};
  }
  stream.aggregates = {"count", "mean", "min", "max", "stddev", "first", "last"};
  for (const std::string& name : stream.aggregates) {
    stream.components = ComponentSet(stream.components.bits() | components_of(name)->bits());
  }
  return stream;
}

/// The messages of one group. Payloads lie one behind the other with simdjson's padding at the end of all, as in the
/// buffer that a gate reads into.
struct Batch {
  std::string bytes;
  std::vector<Message> messages;
  std::vector<std::string_view> sources;
};

/// Every device sends once a second; a batch message holds a device's last N seconds.
class Plant {
 public:
  explicit Plant(std::size_t readings_a_message) : readings_(readings_a_message) {
    char text[64];
    for (std::size_t i = 0; i < kSeries; ++i) {
      std::snprintf(text, sizeof text, "d-%05zu", i);
      names_.emplace_back(text);
      topics_.push_back("plant/north/" + names_.back() + "/climate");
    }
  }

  void fill(Batch& batch, PayloadFormat format) {
    batch.bytes.clear();
    batch.messages.clear();
    batch.sources.clear();
    std::vector<std::size_t> ends;
    const std::size_t messages = kGroupReadings / readings_;
    for (std::size_t i = 0; i < messages; ++i) {
      if (format == PayloadFormat::json) {
        append_json(batch.bytes);
      } else {
        append_lines(batch.bytes);
      }
      ends.push_back(batch.bytes.size());
      batch.sources.push_back(names_[device_]);
      Message& message = batch.messages.emplace_back();
      message.topic = topics_[device_];
      message.packet_id = static_cast<std::uint16_t>(1 + ++sent_ % 65'000);
      message.arrival = {(kStartMs + tick_ * kSecondMs) * 1'000'000};
      if (++device_ == kSeries) {
        device_ = 0;
        tick_ += static_cast<std::int64_t>(readings_);
      }
    }
    const std::size_t all = batch.bytes.size();
    batch.bytes.append(simdjson::SIMDJSON_PADDING, ' ');
    std::size_t begin = 0;
    for (std::size_t i = 0; i < messages; ++i) {
      batch.messages[i].payload = std::string_view(batch.bytes).substr(begin, ends[i] - begin);
      batch.messages[i].payload_size = ends[i] - begin;
      begin = ends[i];
    }
    batch.bytes.resize(all);  // the padding stays allocated behind the views
  }

  [[nodiscard]] Now now() const {
    return {{(kStartMs + tick_ * kSecondMs) * 1'000'000}, {(1'000 + tick_ * kSecondMs) * 1'000'000}};
  }
  [[nodiscard]] std::uint64_t sent() const { return sent_; }

 private:
  [[nodiscard]] std::int64_t time_of(std::size_t reading) const {
    return kStartMs + (tick_ + static_cast<std::int64_t>(reading)) * kSecondMs;
  }

  void append_lines(std::string& out) {
    for (std::size_t i = 0; i < readings_; ++i) {
      value_ = value_ * 1'103'515'245 + 12'345;
      char text[120];
      std::snprintf(text, sizeof text, "climate,model=TH-7,room=hall temperature=%u.%02u %lld000000\n",
                    20 + value_ / 65'536 % 5, value_ / 65'536 % 100, static_cast<long long>(time_of(i)));
      out += text;
    }
  }

  void append_json(std::string& out) {
    if (readings_ > 1) out += R"({"r":[)";
    for (std::size_t i = 0; i < readings_; ++i) {
      const std::int64_t time = time_of(i);
      value_ = value_ * 1'103'515'245 + 12'345;
      char text[80];
      std::snprintf(text, sizeof text, "%s{\"ts\":%lld,\"temperature\":%u.%02u}", i == 0 ? "" : ",",
                    static_cast<long long>(time), 20 + value_ / 65'536 % 5, value_ / 65'536 % 100);
      out += text;
    }
    if (readings_ > 1) out += "]}";
  }

  const std::size_t readings_;
  std::vector<std::string> names_, topics_;
  std::size_t device_ = 0;
  std::int64_t tick_ = 0;
  std::uint64_t sent_ = 0;
  std::uint32_t value_ = 1;
};

struct Welford {
  std::uint64_t count = 0;
  double mean = 0;
  double squares = 0;
  std::int64_t latest = 0;
  void add(std::int64_t time, double value) {
    const double off = value - mean;
    mean += off / static_cast<double>(++count);
    squares += off * (value - mean);
    latest = time;
  }
};

class BareLoop {
 public:
  explicit BareLoop(bool batches) : batches_(batches) {}

  void take(const Batch& batch) {
    for (std::size_t i = 0; i < batch.messages.size(); ++i) {
      const std::string_view payload = batch.messages[i].payload;
      auto document = parser_.iterate(payload.data(), payload.size(), payload.size() + simdjson::SIMDJSON_PADDING);
      Welford& state = states_[batch.sources[i]];
      if (!batches_) {
        const std::int64_t time = document["ts"].get_int64();
        state.add(time, document["temperature"].get_double());
      } else {
        for (auto reading : document["r"].get_array()) {
          const std::int64_t time = reading["ts"].get_int64();
          state.add(time, reading["temperature"].get_double());
        }
      }
    }
    benchmark::DoNotOptimize(states_);
  }

 private:
  const bool batches_;
  simdjson::ondemand::parser parser_;
  boost::unordered_flat_map<std::string_view, Welford> states_;
};

class OurLoop {
 public:
  explicit OurLoop(const StreamDefinition& stream) {
    ProcessorSettings settings;
    settings.streams = {stream};
    processor_ = std::move(*Processor::create(std::move(settings)));
    decoder_ = std::move(*Decoder::create(stream, {}));
    processor_->start({{kStartMs * 1'000'000}, {1}});
    processor_->session_opened(false);
  }

  void messages(const Batch& batch, Now now) {
    for (const Message& message : batch.messages) processor_->message(message, ++ordinal_, now.monotonic);
  }
  void end_group(Now now) {
    const Group group = processor_->end_group(now);
    panes_ += group.panes.size();
    readings_ += group.readings;
  }
  /// The broker reuses ids of what was acknowledged; what the table of redeliveries holds stays small.
  void acknowledged() { processor_->retire(ordinal_); }
  void decode(const Batch& batch) {
    for (const Message& message : batch.messages) {
      if (decoder_->topic().match(message.topic, variables_)) decoder_->decode(message, variables_, decoded_);
      benchmark::DoNotOptimize(decoded_);
    }
  }

  [[nodiscard]] std::uint64_t panes() const { return panes_; }
  [[nodiscard]] std::uint64_t readings() const { return readings_; }

 private:
  std::unique_ptr<Processor> processor_;
  std::unique_ptr<Decoder> decoder_;
  std::vector<std::string_view> variables_;
  Decoded decoded_;
  std::uint64_t ordinal_ = 0;
  std::uint64_t panes_ = 0;
  std::uint64_t readings_ = 0;
};

/// Adds what `work` took.
template <typename Work>
void timed(double& nanoseconds, Work&& work) {
  const auto begin = Clock::now();
  work();
  nanoseconds += std::chrono::duration<double, std::nano>(Clock::now() - begin).count();
}

void compare(benchmark::State& state, PayloadFormat format) {
  const auto readings = static_cast<std::size_t>(state.range(0));
  Plant plant(readings);
  BareLoop bare(readings > 1);
  OurLoop ours(climate(format, readings > 1));
  Batch batch;
  double bare_ns = 0, messages_ns = 0, end_ns = 0, decode_ns = 0;
  const auto block = [&](PayloadFormat written, auto&& take) {
    for (std::size_t done = 0; done < kBlockReadings; done += kGroupReadings) {
      plant.fill(batch, written);
      take();
    }
  };
  const auto take_ours = [&] {
    timed(messages_ns, [&] { ours.messages(batch, plant.now()); });
    timed(end_ns, [&] { ours.end_group(plant.now()); });
    ours.acknowledged();
  };
  const auto take_bare = [&] { timed(bare_ns, [&] { bare.take(batch); }); };
  for (int i = 0; i < kWarmBlocks; ++i) block(PayloadFormat::json, take_bare), block(format, take_ours);

  bare_ns = messages_ns = end_ns = decode_ns = 0;
  const std::uint64_t before = ours.readings(), panes_before = ours.panes();
  for (auto _ : state) {
    block(PayloadFormat::json, take_bare);
    const double ours_before = messages_ns + end_ns;
    block(format, take_ours);
    state.SetIterationTime((messages_ns + end_ns - ours_before) / 1e9);
    block(format, [&] { timed(decode_ns, [&] { ours.decode(batch); }); });
  }
  const auto taken = static_cast<double>(kBlockReadings) * static_cast<double>(state.iterations());
  if (static_cast<double>(ours.readings() - before) != taken) return state.SkipWithError("readings are missing");
  state.counters["bare_ns"] = bare_ns / taken;
  state.counters["processor_ns"] = (messages_ns + end_ns) / taken;
  state.counters["decode_ns"] = decode_ns / taken;
  state.counters["messages_ns"] = messages_ns / taken;
  state.counters["end_group_ns"] = end_ns / taken;
  state.counters["panes_a_reading"] = static_cast<double>(ours.panes() - panes_before) / taken;
  state.counters["ratio"] = (messages_ns + end_ns) / bare_ns;
}

void process(benchmark::State& state) {
  compare(state, PayloadFormat::json);
}
BENCHMARK(process)->Arg(1)->Arg(50)->UseManualTime()->Iterations(12);

void process_lines(benchmark::State& state) {
  compare(state, PayloadFormat::line_protocol);
}
BENCHMARK(process_lines)->Arg(1)->Arg(50)->UseManualTime()->Iterations(12);

}  // namespace
}  // namespace tidemark

BENCHMARK_MAIN();
