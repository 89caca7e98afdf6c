#include "firmware-sim/fleet.h"

#include <algorithm>
#include <array>
#include <utility>

#include "edge/bytes/assert.h"
#include "firmware-sim/damage.h"

namespace firmware_sim {
namespace {

constexpr std::array<std::string_view, 4> kSites{"north", "east", "south", "west"};

// Rebooting devices (every eighth) restart their numbers and are never overtaken; the others may be overtaken and never
// restart. Both at once would be undecidable: an overtaken message after a restart carries a number that was used
// before and an older time, exactly like a copy.
constexpr std::uint32_t kRebootingOneIn = 8;

// Numbers a receiver must remember to recognise copies: a message is overtaken, and a copy late, by at most this many.
constexpr std::int64_t kMostOvertaking = 200;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kHour_ms = 3'600'000;
constexpr std::array<std::int64_t, 5> kAhead_ms{kHour_ms, 25 * kHour_ms, 31 * 24 * kHour_ms, 366 * 24 * kHour_ms,
                                                3'653 * 24 * kHour_ms};
constexpr std::size_t kOversized = 300 * 1024;
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

struct Fleet::Device {
  Device(std::uint32_t index_, std::uint32_t number_, std::uint64_t seed, const CatalogueEntry& entry)
      : index(index_),
        number(number_),
        model(entry.make(Pcg32(mix_seed(seed, number_), 1))),
        faults(mix_seed(seed, number_), 2) {}

  const std::uint32_t index;
  const std::uint32_t number;
  const std::unique_ptr<Model> model;
  Identity identity;
  std::string site;
  Pcg32 faults;                      // what goes wrong
  std::int64_t sequence = 0;         // of the next message
  std::uint32_t samples_wanted = 1;  // of the next message
  std::vector<Sample> samples;       // measured, not yet in a message
  std::int64_t silent_until_us = -1;
  std::vector<Message> kept;          // composed while silent
  const Identity* hostile = nullptr;  // made when first needed
  std::int64_t hostile_sequence = 0;
  const Identity* unmatched = nullptr;

  [[nodiscard]] const ModelDescription& description() const { return model->description(); }
  [[nodiscard]] bool reboots() const { return number % kRebootingOneIn == 0; }
  [[nodiscard]] bool counts() const {
    return std::ranges::any_of(description().fields, [](const Field& field) { return field.kind == "counter"; });
  }
  std::uint32_t draw_samples() {
    const ModelDescription& d = description();
    return static_cast<std::uint32_t>(faults.between(d.least_samples, d.greatest_samples));
  }
};

bool Fleet::later(const Event& a, const Event& b) {
  return std::pair(a.at_us, a.order) > std::pair(b.at_us, b.order);
}

Fleet::Fleet(FleetOptions options) : options_(std::move(options)) {
  TIDEMARK_ASSERT(!options_.models.empty());
  TIDEMARK_ASSERT(options_.interval_us >= 1'000);
  devices_.reserve(options_.devices);
  for (std::uint32_t i = 0; i < options_.devices; ++i) {
    const std::uint32_t number = options_.first_number + i;
    const CatalogueEntry& entry = *options_.models[i % options_.models.size()];
    auto device = std::make_unique<Device>(i, number, options_.seed, entry);
    const ModelDescription& description = device->description();
    device->site = kSites[number % kSites.size()];
    device->identity.source = std::string(description.prefix) + "-" + padded(number);
    device->identity.topic =
        options_.plant + "/" + device->site + "/" + device->identity.source + "/" + std::string(description.name);
    device->samples_wanted = device->draw_samples();
    // Devices are spread over the interval by their number, as if switched on one after the other.
    Pcg32 phase(mix_seed(options_.seed, number), 3);
    const std::int64_t first_us =
        phase.below(static_cast<std::uint32_t>(std::min<std::int64_t>(options_.interval_us, 4'000'000'000)));
    if (first_us < options_.duration_us) schedule(first_us, Event::Kind::tick, i);
    schedule(options_.duration_us, Event::Kind::close, i);
    devices_.push_back(std::move(device));
  }
}

Fleet::~Fleet() = default;

void Fleet::advance(std::int64_t until_us, std::size_t limit, std::vector<Message>& out) {
  std::size_t appended = 0;
  while (appended < limit) {
    if (!ready_.empty()) {
      out.push_back(std::move(ready_.front()));
      ready_.pop_front();
      ++appended;
      continue;
    }
    if (events_.empty() || events_.front().at_us > until_us) return;
    happen(take_event());
  }
}

std::int64_t Fleet::next_us() const {
  TIDEMARK_ASSERT(!finished());
  return ready_.empty() ? events_.front().at_us : ready_.front().due_us;
}

bool Fleet::finished() const {
  return ready_.empty() && events_.empty();
}

void Fleet::withhold_rest(std::vector<Message>& out) {
  std::vector<Message> rest(std::make_move_iterator(ready_.begin()), std::make_move_iterator(ready_.end()));
  ready_.clear();
  const auto withhold = [&](Message message) {
    // A copy that never left is no reading.
    if (message.fate == Fate::duplicate) return;
    if (message.id == 0) number(message);
    mark(message, Fate::withheld);
    out.push_back(std::move(message));
  };
  for (Message& message : rest) withhold(std::move(message));
  while (!events_.empty()) {
    Event event = take_event();
    if (event.message) withhold(std::move(*event.message));
  }
  for (const std::unique_ptr<Device>& device : devices_) {
    for (Message& message : device->kept) withhold(std::move(message));
    device->kept.clear();
    if (!device->samples.empty()) withhold(make(*device, device->identity, device->sequence++));
    device->samples.clear();
  }
}

void Fleet::schedule(std::int64_t at_us, Event::Kind kind, std::uint32_t device, std::unique_ptr<Message> message) {
  events_.push_back({at_us, order_++, kind, device, std::move(message)});
  std::ranges::push_heap(events_, later);
}

Fleet::Event Fleet::take_event() {
  std::ranges::pop_heap(events_, later);
  Event event = std::move(events_.back());
  events_.pop_back();
  return event;
}

void Fleet::happen(Event event) {
  Device& device = *devices_[event.device];
  switch (event.kind) {
    case Event::Kind::tick:
      tick(device, event.at_us);
      break;
    case Event::Kind::speak:
      send_kept(device, event.at_us);
      break;
    case Event::Kind::close:
      // What a battery device has measured since its last burst goes out, and a silent device speaks.
      send_kept(device, event.at_us);
      if (!device.samples.empty()) compose(Fault::none, device, event.at_us);
      break;
    case Event::Kind::release:
      send(std::move(*event.message), event.at_us);
      break;
  }
}

void Fleet::tick(Device& device, std::int64_t at_us) {
  const std::int64_t next = at_us + options_.interval_us;
  if (next < options_.duration_us) schedule(next, Event::Kind::tick, device.index);
  Measurement measurement;
  if (!device.model->measure(at_us / 1'000, measurement)) return;
  device.samples.push_back({options_.start_ms + measurement.elapsed_ms, measurement.values});
  if (device.samples.size() < device.samples_wanted) return;
  device.samples_wanted = device.draw_samples();
  compose(draw(device, at_us), device, at_us);
}

Fault Fleet::draw(Device& device, std::int64_t at_us) const {
  const Fault fault = options_.profile.draw(device.faults);
  // A silent device composes as usual and nothing else befalls it: one fault at a time keeps every fate certain.
  if (at_us < device.silent_until_us) return Fault::none;
  const bool scalar = device.description().layout == Layout::scalar;
  switch (fault) {
    case Fault::malformed:
    case Fault::lost:
    case Fault::retained:
      return fault;
    case Fault::counter_reset:
      return device.counts() ? fault : Fault::none;
    case Fault::sequence_restart:
      return device.reboots() && !scalar ? fault : Fault::none;
    case Fault::reorder:
      return !device.reboots() && !scalar ? fault : Fault::none;
    default:
      // A scalar carries neither time nor number: what would be a copy or a late message of another device is, to any
      // receiver, one more reading.
      return scalar ? Fault::none : fault;
  }
}

Message Fleet::make(const Device& device, const Identity& identity, std::int64_t sequence) const {
  Message message;
  const ModelDescription& description = device.description();
  const bool scalar = description.layout == Layout::scalar;
  message.device = device.index;
  message.model = &description;
  message.identity = &identity;
  if (!scalar) message.sequence = sequence;
  message.readings.reserve(device.samples.size() * description.fields.size());
  for (const Sample& sample : device.samples) {
    for (std::uint32_t field = 0; field < description.fields.size(); ++field) {
      Reading reading{field, std::nullopt, sample.values[field], Fate::sent};
      if (!scalar) reading.event_ms = sample.event_ms;
      message.readings.push_back(reading);
    }
  }
  message.payload =
      render_payload({description, device.identity.source, message.sequence, device.samples, ""}, Blemish{});
  return message;
}

void Fleet::compose(Fault fault, Device& device, std::int64_t at_us) {
  const ModelDescription& description = device.description();
  Pcg32& random = device.faults;
  if (fault == Fault::sequence_restart) device.sequence = 0;
  if (fault == Fault::counter_reset) device.model->lose_power();  // seen from the next measurement on
  const bool odd = fault == Fault::hostile_topic || fault == Fault::unmatched_topic;
  const Identity& identity = odd ? odd_identity(device, fault) : device.identity;
  Message message = make(device, identity, odd ? device.hostile_sequence++ : device.sequence++);
  message.fault = name_of(fault);
  const PayloadParts parts{description, device.identity.source, message.sequence, device.samples, ""};
  const std::int64_t latest = std::min(4 * kSecond, kMostOvertaking * options_.interval_us);
  switch (fault) {
    case Fault::duplicate:
    case Fault::repeat: {
      Message copy = message;
      if (fault == Fault::repeat) {
        copy.sequence = device.sequence++;
        copy.payload =
            render_payload({description, device.identity.source, copy.sequence, device.samples, ""}, Blemish{});
      }
      mark(copy, Fate::duplicate);
      message.fault = {};
      const std::int64_t delay = device.reboots() ? 0 : random.between(0, latest * 3 / 4);
      device.samples.clear();
      send(std::move(message), at_us);
      send_later(std::move(copy), at_us + delay);
      return;
    }
    case Fault::reorder:
      device.samples.clear();
      send_later(std::move(message), at_us + random.between(latest / 20, latest));
      return;
    case Fault::silence:
      device.silent_until_us = at_us + random.between(20, 60) * kSecond;
      if (device.silent_until_us < options_.duration_us) {
        schedule(device.silent_until_us, Event::Kind::speak, device.index);
      }
      break;
    case Fault::malformed:
      message.payload = damaged_payload(parts, message.readings, random);
      if (std::ranges::none_of(message.readings, [](const Reading& r) { return r.fate == Fate::sent; })) {
        message.fate = Fate::malformed;
      }
      break;
    case Fault::unset_clock:
      // A clock that began at zero when the device was switched on, a little before the run.
      shift_clock(message, device, 5'000 - options_.start_ms, Fate::unset_clock);
      break;
    case Fault::future_clock:
      shift_clock(message, device, kAhead_ms[random.below(kAhead_ms.size())], Fate::future_clock);
      break;
    case Fault::lost:
      mark(message, Fate::withheld);
      break;
    case Fault::retained:
      message.retained = true;
      break;
    case Fault::oversized: {
      const std::string extra = "\"pad\":\"" + std::string(kOversized, 'x') + "\",";
      message.payload =
          render_payload({description, device.identity.source, message.sequence, device.samples, extra}, Blemish{});
      mark(message, Fate::too_large);
      break;
    }
    case Fault::deep: {
      const std::size_t depth = kDepths[random.below(kDepths.size())];
      const std::string extra = "\"deep\":" + std::string(depth, '[') + std::string(depth, ']') + ",";
      message.payload =
          render_payload({description, device.identity.source, message.sequence, device.samples, extra}, Blemish{});
      mark(message, Fate::too_deep);
      break;
    }
    case Fault::unmatched_topic:
      mark(message, Fate::unmatched);
      break;
    case Fault::none:
    case Fault::hostile_topic:
    case Fault::counter_reset:
    case Fault::sequence_restart:
      break;
  }
  device.samples.clear();
  if (at_us < device.silent_until_us) {
    message.fault = name_of(Fault::silence);
    device.kept.push_back(std::move(message));
  } else {
    send(std::move(message), at_us);
  }
}

void Fleet::shift_clock(Message& message, const Device& device, std::int64_t by_ms, Fate fate) const {
  std::vector<Sample> shifted = device.samples;
  for (Sample& sample : shifted) sample.event_ms += by_ms;
  for (Reading& reading : message.readings) *reading.event_ms += by_ms;
  message.payload =
      render_payload({device.description(), device.identity.source, message.sequence, shifted, ""}, Blemish{});
  mark(message, fate);
}

void Fleet::number(Message& message) {
  message.id = next_id_++;
  message.first_reading = next_reading_;
  next_reading_ += static_cast<std::int64_t>(message.readings.size());
}

void Fleet::send(Message message, std::int64_t at_us) {
  number(message);
  message.due_us = at_us;
  ready_.push_back(std::move(message));
}

void Fleet::send_later(Message message, std::int64_t due_us) {
  const std::uint32_t device = message.device;
  schedule(std::min(due_us, options_.duration_us), Event::Kind::release, device,
           std::make_unique<Message>(std::move(message)));
}

void Fleet::send_kept(Device& device, std::int64_t at_us) {
  device.silent_until_us = -1;
  for (Message& message : device.kept) send(std::move(message), at_us);
  device.kept.clear();
}

const Identity& Fleet::odd_identity(Device& device, Fault fault) {
  const Identity*& identity = fault == Fault::hostile_topic ? device.hostile : device.unmatched;
  if (identity != nullptr) return *identity;
  const std::string place = options_.plant + "/" + device.site + "/";
  const std::string model(device.description().name);
  Identity odd;
  if (fault == Fault::hostile_topic) {
    // Its number keeps the name apart from those of other devices; a name of 200 bytes is a matter of its own.
    const std::uint32_t kind = device.faults.below(kHostileNames.size() + 1);
    odd.source = (kind < kHostileNames.size() ? std::string(kHostileNames[kind]) : std::string(200, 'x')) + "-" +
                 padded(device.number);
    odd.topic = place + odd.source + "/" + model;
  } else {
    odd.source = device.identity.source;
    const std::array<std::string, 3> topics{device.identity.topic + "/raw", place + model,
                                            "lost/" + device.identity.topic};
    odd.topic = topics[device.faults.below(topics.size())];
  }
  identity = &odd_identities_.emplace_back(std::move(odd));
  return *identity;
}

}  // namespace firmware_sim
