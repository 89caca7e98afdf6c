// A fleet of simulated devices on one timeline: measures, composes messages, does to them what the profile says, and
// lets them go in the order in which they are due.
//
// Operation: a heap of events (a device's tick, the end of its silence, the release of a message held back, the end of
// the run). Taking the earliest may let messages go and schedule further events. Deterministic: what comes out depends
// on the options alone. No clock is read; time is what the caller passes to advance(). Each device has random numbers
// of its own for what it measures and for what goes wrong, so a device's readings are the same in a larger fleet and
// under another profile.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "firmware-sim/catalogue.h"
#include "firmware-sim/device.h"
#include "firmware-sim/message.h"
#include "firmware-sim/profile.h"

namespace firmware_sim {

/// A duration that does not end on its own.
inline constexpr std::int64_t kForever_us = std::numeric_limits<std::int64_t>::max() / 4;

struct FleetOptions {
  std::uint32_t devices = 10;
  std::uint32_t first_number = 1;        // of device ids
  std::string plant = "plant";           // the first level of the topics
  std::int64_t interval_us = 1'000'000;  // between a device's ticks; at least 1 ms
  std::int64_t duration_us = 60'000'000;
  std::int64_t start_ms = 0;  // event time of the beginning, since 1970
  std::uint64_t seed = 1;
  Profile profile;
  std::vector<const CatalogueEntry*> models;  // devices take turns among these; not empty
};

class Fleet {
 public:
  explicit Fleet(FleetOptions options);
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  /// Appends the messages due at or before `until_us`, in order, but stops once `limit` are appended. Their fate may be
  /// `withheld`: such a message is not to be published. Messages refer to the fleet and must not outlive it.
  void advance(std::int64_t until_us, std::size_t limit, std::vector<Message>& out);

  /// When something happens next, since the start. Requires !finished().
  [[nodiscard]] std::int64_t next_us() const;

  /// Every device has measured to the end, and has sent all it kept.
  [[nodiscard]] bool finished() const;

  /// Ends the run early: appends all that devices have measured but not let go, as `withheld`. The fleet is finished
  /// then.
  void withhold_rest(std::vector<Message>& out);

 private:
  /// Something that happens at one moment: a device's tick, the end of its silence, the end of the run, or the release
  /// of a message that was held back.
  struct Event {
    enum class Kind : std::uint8_t { tick, speak, close, release };
    std::int64_t at_us;
    std::uint64_t order;  // events of one moment happen in the order in which they were scheduled
    Kind kind;
    std::uint32_t device;
    std::unique_ptr<Message> message;  // of release
  };
  static bool later(const Event& a, const Event& b);

  void schedule(std::int64_t at_us, Event::Kind kind, std::uint32_t device, std::unique_ptr<Message> message = nullptr);
  Event take_event();
  void happen(Event event);

  /// Composes the device's message and lets it go, keeps it, or schedules it, as the fault demands.
  void compose(Fault fault, Device& device, std::int64_t at_us);
  void compose_twice(Fault fault, Device& device, std::int64_t at_us);
  void number(Message& message);
  /// Now, as the next of all messages.
  void send(Message message, std::int64_t at_us);
  /// At `due_us`, or at the end of the run.
  void send_later(Message message, std::int64_t due_us);
  /// Ends the device's silence.
  void send_kept(Device& device, std::int64_t at_us);

  /// How late a message may be: others overtake it, but not so many that a receiver has forgotten its number.
  [[nodiscard]] std::int64_t longest_delay_us() const;

  // Constant after construction.
  const FleetOptions options_;

  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<Event> events_;  // a heap, the earliest first
  std::uint64_t order_ = 0;
  std::deque<Message> ready_;  // let go, not yet taken by advance()
  std::int64_t next_id_ = 1;
  std::int64_t next_reading_ = 1;
};

}  // namespace firmware_sim
