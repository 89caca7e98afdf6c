#include "firmware-sim/device.h"

#include <algorithm>
#include <array>
#include <utility>

#include "edge/bytes/assert.h"
#include "firmware-sim/damage.h"

namespace firmware_sim {
namespace {

constexpr std::array<std::string_view, 4> kSites{"north", "east", "south", "west"};

constexpr std::uint32_t kRebootingOneIn = 8;

// Which of a device's sequences of random numbers is for what.
constexpr std::uint64_t kMeasuring = 1;
constexpr std::uint64_t kFaults = 2;

// A clock that began at zero when the device was switched on, a little before the run.
constexpr std::int64_t kUptime_ms = 5'000;

constexpr std::int64_t kHour_ms = 3'600'000;
constexpr std::int64_t kDay_ms = 24 * kHour_ms;

// An hour (a time zone set wrong), a day and an hour, a month, a year, ten years. Never less than an hour: a reading
// that is received late by minutes must still be ahead of its arrival.
constexpr std::array<std::int64_t, 5> kAhead_ms{kHour_ms, kDay_ms + kHour_ms, 31 * kDay_ms, 366 * kDay_ms,
                                                3'653 * kDay_ms};

// Bytes of padding, 300 KiB: beyond the 256 KiB that a receiver takes, far below what a broker refuses.
constexpr std::size_t kOversized = 307'200;

// Levels: just beyond the 32 that a receiver takes, and up to what overflows the stack of a careless one.
constexpr std::array<std::size_t, 4> kDepths{40, 64, 1'000, 100'000};

// Device names that hurt readers who quote, split or execute them. No control characters: brokers refuse them in
// topics.
constexpr std::array<std::string_view, 13> kHostileNames{
    "\u0434\u0430\u0442\u0447\u0438\u043a",  // Cyrillic
    "\u6e29\u5ea6\u8ba1",                    // Chinese
    "\U0001f525\U0001f321",                  // beyond the 16-bit plane
    "e\u0301",                               // a combining accent
    "\u202egnp.exe",                         // right-to-left override
    R"(a"b)",
    "it's; DROP TABLE reading;--",
    "=cmd|' C'!A0",
    "one,two;three",
    R"(back\slash)",
    "{device}",
    "%s%n",
    " ",
};

std::string padded(std::uint32_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < 4) digits.insert(0, 4 - digits.size(), '0');
  return digits;
}

}  // namespace

Device::Device(Settings settings, const CatalogueEntry& entry)
    : settings_(std::move(settings)),
      model_(entry.make(Pcg32(mix_seed(settings_.seed, settings_.number), kMeasuring))),
      chance_(mix_seed(settings_.seed, settings_.number), kFaults),
      place_(settings_.plant + "/" + std::string(kSites[settings_.number % kSites.size()]) + "/"),
      samples_wanted_(draw_samples()) {
  identity_.source = std::string(description().prefix) + "-" + padded(settings_.number);
  identity_.topic = place_ + identity_.source + "/" + std::string(description().name);
}

bool Device::reboots() const {
  return settings_.number % kRebootingOneIn == 0;
}

bool Device::tick(std::int64_t elapsed_ms) {
  Measurement measurement;
  if (!model_->measure(elapsed_ms, measurement)) return false;
  samples_.push_back({settings_.start_ms + measurement.elapsed_ms, measurement.values});
  if (samples_.size() < samples_wanted_) return false;
  samples_wanted_ = draw_samples();
  return true;
}

Fault Device::draw(const Profile& profile) {
  const Fault fault = profile.draw(chance_);
  const bool scalar = description().layout == Layout::scalar;
  const bool counts =
      std::ranges::any_of(description().fields, [](const Field& field) { return field.kind == "counter"; });
  switch (fault) {
    case Fault::malformed:
    case Fault::lost:
    case Fault::retained:
      return fault;
    case Fault::counter_reset:
      return counts ? fault : Fault::none;
    case Fault::sequence_restart:
      return reboots() && !scalar ? fault : Fault::none;
    case Fault::reorder:
      return !reboots() && !scalar ? fault : Fault::none;
    default:
      // A scalar carries neither time nor number: what would be a copy or a late message of another device is, to any
      // receiver, one more reading.
      return scalar ? Fault::none : fault;
  }
}

Message Device::compose(Fault fault) {
  TIDEMARK_ASSERT(has_samples());
  if (fault == Fault::sequence_restart) sequence_ = 0;
  Message message = fault == Fault::hostile_topic     ? plain_message(hostile_identity(), hostile_sequence_++)
                    : fault == Fault::unmatched_topic ? plain_message(unmatched_identity(), unmatched_sequence_++)
                                                      : plain_message(identity_, sequence_++);
  message.fault = name_of(fault);
  switch (fault) {
    case Fault::malformed:
      damage(message);
      break;
    case Fault::unset_clock:
      shift_clock(message, kUptime_ms - settings_.start_ms, Fate::unset_clock);
      break;
    case Fault::future_clock:
      shift_clock(message, kAhead_ms[chance_.below(kAhead_ms.size())], Fate::future_clock);
      break;
    case Fault::lost:
      mark(message, Fate::withheld);
      break;
    case Fault::retained:
      message.retained = true;
      break;
    case Fault::oversized:
      message.payload = payload_with(message.sequence, "\"pad\":\"" + std::string(kOversized, 'x') + "\",");
      mark(message, Fate::too_large);
      break;
    case Fault::deep: {
      const std::size_t depth = kDepths[chance_.below(kDepths.size())];
      const std::string nest = std::string(depth, '[') + std::string(depth, ']');
      message.payload = payload_with(message.sequence, "\"deep\":" + nest + ",");
      mark(message, Fate::too_deep);
      break;
    }
    case Fault::unmatched_topic:
      mark(message, Fate::unmatched);
      break;
    case Fault::counter_reset:
      model_->lose_power();  // seen from the next measurement on
      break;
    case Fault::none:
    case Fault::duplicate:
    case Fault::reorder:
    case Fault::silence:
    case Fault::hostile_topic:
    case Fault::repeat:
    case Fault::sequence_restart:
      break;
  }
  // A copy under a new number is written from the same samples.
  composed_ = std::move(samples_);
  samples_.clear();
  return message;
}

Message Device::copy_of(const Message& message, Fault fault) {
  Message copy = message;
  copy.fault = name_of(fault);
  if (fault == Fault::repeat) {
    copy.sequence = sequence_++;
    copy.payload = render_payload({description(), identity_.source, copy.sequence, composed_, ""}, Blemish{});
  }
  mark(copy, Fate::duplicate);
  return copy;
}

Message Device::plain_message(const Identity& identity, std::int64_t sequence) const {
  const bool scalar = description().layout == Layout::scalar;
  Message message;
  message.device = settings_.index;
  message.model = &description();
  message.identity = &identity;
  if (!scalar) message.sequence = sequence;
  message.readings.reserve(samples_.size() * description().fields.size());
  for (const Sample& sample : samples_) {
    for (std::uint32_t field = 0; field < description().fields.size(); ++field) {
      Reading reading{field, std::nullopt, sample.values[field], Fate::sent};
      if (!scalar) reading.event_ms = sample.event_ms;
      message.readings.push_back(reading);
    }
  }
  message.payload = payload_with(message.sequence, "");
  return message;
}

std::string Device::payload_with(std::optional<std::int64_t> sequence, std::string_view extra) const {
  return render_payload({description(), identity_.source, sequence, samples_, extra}, Blemish{});
}

void Device::damage(Message& message) {
  message.payload =
      damaged_payload({description(), identity_.source, message.sequence, samples_, ""}, message.readings, chance_);
  const bool any_right = std::ranges::any_of(message.readings, [](const Reading& r) { return r.fate == Fate::sent; });
  if (!any_right) message.fate = Fate::malformed;
}

void Device::shift_clock(Message& message, std::int64_t by_ms, Fate fate) const {
  std::vector<Sample> shifted = samples_;
  for (Sample& sample : shifted) sample.event_ms += by_ms;
  for (Reading& reading : message.readings) *reading.event_ms += by_ms;
  message.payload = render_payload({description(), identity_.source, message.sequence, shifted, ""}, Blemish{});
  mark(message, fate);
}

std::uint32_t Device::draw_samples() {
  const ModelDescription& d = description();
  return static_cast<std::uint32_t>(chance_.between(d.least_samples, d.greatest_samples));
}

const Identity& Device::hostile_identity() {
  if (hostile_) return *hostile_;
  // One more than there are names: a name of 200 bytes. The number keeps it apart from those of other devices.
  const std::uint32_t kind = chance_.below(kHostileNames.size() + 1);
  const std::string name = kind < kHostileNames.size() ? std::string(kHostileNames[kind]) : std::string(200, 'x');
  Identity hostile;
  hostile.source = name + "-" + padded(settings_.number);
  hostile.topic = place_ + hostile.source + "/" + std::string(description().name);
  return hostile_.emplace(std::move(hostile));
}

const Identity& Device::unmatched_identity() {
  if (unmatched_) return *unmatched_;
  // One level too many at the end, one too few, one too many at the beginning.
  const std::array<std::string, 3> topics{identity_.topic + "/raw", place_ + std::string(description().name),
                                          "lost/" + identity_.topic};
  return unmatched_.emplace(Identity{identity_.source, topics[chance_.below(topics.size())]});
}

}  // namespace firmware_sim
