// One simulated device: what it measures, how it numbers its messages, and what befalls the content of a message. When
// a message leaves is the fleet's business.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "firmware-sim/catalogue.h"
#include "firmware-sim/message.h"
#include "firmware-sim/payload.h"
#include "firmware-sim/profile.h"

namespace firmware_sim {

/// Messages refer to the device's identities and must not outlive it.
class Device {
 public:
  struct Settings {
    std::uint32_t index = 0;    // in the fleet
    std::uint32_t number = 1;   // in its name
    std::uint64_t seed = 1;     // of the fleet
    std::string plant;          // first level of its topics
    std::int64_t start_ms = 0;  // event time of the beginning, since 1970
  };
  Device(Settings settings, const CatalogueEntry& entry);
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;

  [[nodiscard]] std::uint32_t index() const { return settings_.index; }
  [[nodiscard]] const ModelDescription& description() const { return model_->description(); }

  /// Measures at this moment since the start. True: a message is due; it holds all samples since the last one.
  bool tick(std::int64_t elapsed_ms);

  /// There are samples that no message holds yet.
  [[nodiscard]] bool has_samples() const { return !samples_.empty(); }

  /// The fault that befalls the next message, of those that this device can have.
  Fault draw(const Profile& profile);

  /// The message of all samples since the last one, with what the fault does to its content: payload, number, topic and
  /// fates. Requires has_samples(). Identity 0, not due yet.
  Message compose(Fault fault);

  /// The copy that goes with Fault::duplicate or Fault::repeat of a message just composed: all its readings are
  /// duplicates.
  Message copy_of(const Message& message, Fault fault);

  /// Random numbers for what goes wrong; what the device measures does not depend on them.
  Pcg32& chance() { return chance_; }

  /// Restarts its numbers now and then, and is therefore never overtaken; the others may be overtaken and never
  /// restart. Both at once would be undecidable: an overtaken message after a restart carries a number that was used
  /// before and an older time, exactly like a copy.
  [[nodiscard]] bool reboots() const;

  // While silent, composed messages are kept here, and the fleet sends them when the silence ends.
  std::int64_t silent_until_us = -1;
  std::vector<Message> kept;

 private:
  Message plain_message(const Identity& identity, std::int64_t sequence) const;
  [[nodiscard]] std::string payload_with(std::optional<std::int64_t> sequence, std::string_view extra) const;
  void damage(Message& message);
  void shift_clock(Message& message, std::int64_t by_ms, Fate fate) const;
  std::uint32_t draw_samples();
  const Identity& hostile_identity();
  const Identity& unmatched_identity();

  // Constant after construction.
  const Settings settings_;
  const std::unique_ptr<Model> model_;
  Pcg32 chance_;
  const std::string place_;  // the levels of the topic before the device
  Identity identity_;

  std::optional<Identity> hostile_;  // drawn when first needed
  std::optional<Identity> unmatched_;
  std::int64_t sequence_ = 0;  // of the next message
  std::int64_t hostile_sequence_ = 0;
  std::int64_t unmatched_sequence_ = 0;
  std::uint32_t samples_wanted_;  // in the next message
  std::vector<Sample> samples_;   // measured, not yet in a message
  std::vector<Sample> composed_;  // of the last message
};

}  // namespace firmware_sim
