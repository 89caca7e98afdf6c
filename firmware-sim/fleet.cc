#include "firmware-sim/fleet.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/assert.h"

namespace firmware_sim {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

// A receiver that remembers 1,024 numbers of a source recognises a copy or a latecomer that is this many behind.
constexpr std::int64_t kMostOvertaking = 200;

// Which of a device's sequences of random numbers says when in its interval it ticks. Measuring and faults have others.
constexpr std::uint64_t kPhase = 3;

}  // namespace

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
    devices_.push_back(
        std::make_unique<Device>(Device::Settings{i, number, options_.seed, options_.plant, options_.start_ms}, entry));
    // Devices are spread over the interval, as if switched on one after the other.
    Pcg32 phase(mix_seed(options_.seed, number), kPhase);
    const std::int64_t first_us =
        phase.below(static_cast<std::uint32_t>(std::min<std::int64_t>(options_.interval_us, 4'000'000'000)));
    if (first_us < options_.duration_us) schedule(first_us, Event::Kind::tick, i);
    schedule(options_.duration_us, Event::Kind::close, i);
  }
}

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
    if (device->has_samples()) withhold(device->compose(Fault::none));
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
  const std::int64_t now_us = event.at_us;
  switch (event.kind) {
    case Event::Kind::tick: {
      const std::int64_t next_us = now_us + options_.interval_us;
      if (next_us < options_.duration_us) schedule(next_us, Event::Kind::tick, event.device);
      if (!device.tick(now_us / 1'000)) break;
      const Fault fault = device.draw(options_.profile);
      // Nothing else befalls a silent device: one fault at a time keeps every fate certain.
      compose(now_us < device.silent_until_us ? Fault::none : fault, device, now_us);
      break;
    }
    case Event::Kind::speak:
      send_kept(device, now_us);
      break;
    case Event::Kind::close:
      // A silent device speaks, and what a battery device has measured since its last burst goes out.
      send_kept(device, now_us);
      if (device.has_samples()) compose(Fault::none, device, now_us);
      break;
    case Event::Kind::release:
      send(std::move(*event.message), now_us);
      break;
  }
}

std::int64_t Fleet::longest_delay_us() const {
  return std::min(4 * kSecond, kMostOvertaking * options_.interval_us);
}

void Fleet::compose(Fault fault, Device& device, std::int64_t at_us) {
  if (fault == Fault::duplicate || fault == Fault::repeat) {
    compose_twice(fault, device, at_us);
    return;
  }
  Message message = device.compose(fault);
  if (fault == Fault::reorder) {
    const std::int64_t longest = longest_delay_us();
    send_later(std::move(message), at_us + device.chance().between(longest / 20, longest));
    return;
  }
  if (fault == Fault::silence) {
    device.silent_until_us = at_us + device.chance().between(20, 60) * kSecond;
    // Where the run ends before the silence does, its end makes the device speak.
    if (device.silent_until_us < options_.duration_us) {
      schedule(device.silent_until_us, Event::Kind::speak, device.index());
    }
  }
  if (at_us < device.silent_until_us) {
    message.fault = name_of(Fault::silence);
    device.kept.push_back(std::move(message));
  } else {
    send(std::move(message), at_us);
  }
}

void Fleet::compose_twice(Fault fault, Device& device, std::int64_t at_us) {
  Message message = device.compose(Fault::none);
  Message copy = device.copy_of(message, fault);
  // After a restart of its numbers nothing from before it may arrive: such a device repeats itself at once.
  const std::int64_t delay = device.reboots() ? 0 : device.chance().between(0, longest_delay_us() * 3 / 4);
  send(std::move(message), at_us);
  send_later(std::move(copy), at_us + delay);
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

}  // namespace firmware_sim
