#include "edge/processor/processor.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>

#include "edge/bytes/assert.h"
#include "edge/processor/adoption.h"
#include "edge/processor/decide.h"

namespace tidemark {
namespace {

/// Hash of topic and payload, for rule 29. XXH3 is fast and stable across versions and machines (its specification is
/// frozen since 0.8.0).
std::uint64_t hash_of(const Message& message) {
  const std::uint64_t topic = XXH3_64bits(message.topic.data(), message.topic.size());
  return XXH3_64bits_withSeed(message.payload.data(), message.payload.size(), topic ^ message.payload_size);
}

}  // namespace

Result<std::unique_ptr<Processor>, DecoderError> Processor::create(ProcessorSettings settings) {
  std::unique_ptr<Processor> processor(new Processor);
  if (auto configured = processor->configure(std::move(settings)); !configured) {
    return tl::unexpected(configured.error());
  }
  return processor;
}

Result<void, DecoderError> Processor::configure(ProcessorSettings settings) {
  std::vector<ConfiguredStream> streams;
  std::vector<const TopicTemplate*> templates;
  for (StreamDefinition& definition : settings.streams) {
    auto decoder = Decoder::create(definition, settings.payload);
    if (!decoder) return tl::unexpected(decoder.error());
    templates.push_back(&(*decoder)->topic());
    streams.push_back({std::move(definition), std::move(*decoder), 0, {}});
  }
  topics_ = std::make_unique<TopicIndex>(templates);
  streams_ = std::move(streams);
  intake_.bound(settings.max_series);
  return {};
}

Group Processor::start(Now now) {
  recovery_.finish();
  standings_.begin();
  emission_.resume(now.monotonic);
  Group group;
  adopt(recovery_.lost_sources(), now, group);
  group.every_shard = plan_.changes_streams() || recovery_.found_damage();
  finish_group(now, group);
  return group;
}

Result<Group, DecoderError> Processor::reconfigure(ProcessorSettings settings, Now now) {
  if (auto configured = configure(std::move(settings)); !configured) return tl::unexpected(configured.error());
  Group group;
  adopt(false, now, group);
  group.every_shard = plan_.changes_streams();
  finish_group(now, group);
  return group;
}

void Processor::adopt(bool lost_sources, Now now, Group& group) {
  for (ConfiguredStream& stream : streams_) {
    stream.id = stream_id(state_, stream.definition.name);
    if (auto adoption = decide_adoption(state_, stream.definition, lost_sources, now.arrival)) {
      if (adoption->ends_version) emission_.end_version(stream.id, now.monotonic, group);
      plan_.make(std::move(adoption->decision));
    }
    set_by_configuration(stream);
  }
  emission_.schedule_all();
}

/// What of a definition is not durable.
void Processor::set_by_configuration(const ConfiguredStream& stream) {
  state_.streams[stream.id].series_ttl = stream.definition.series_ttl;
  for (const auto& source : state_.sources) {
    if (!source || source->stream != stream.id) continue;
    source->clock_offset = clock_offset_of(stream.definition, source->name);
  }
}

void Processor::route(const std::vector<StreamRoute>& routes) {
  TIDEMARK_ASSERT(routes.size() == streams_.size());
  for (std::size_t i = 0; i < routes.size(); ++i) streams_[i].route = routes[i];
}

bool Processor::takes_copy(const ConfiguredStream& stream, std::uint32_t subscription) const {
  const StreamRoute& route = stream.route;
  if (subscription == 0 || route.subscription == 0 || subscription == route.subscription) return true;
  return route.heir && std::none_of(streams_.begin(), streams_.end(), [&](const ConfiguredStream& other) {
           return other.route.subscription == subscription;
         });
}

void Processor::session_opened(bool session_present) {
  if (session_present) {
    state_.redeliveries.forget_ordinals();
    return;
  }
  plan_.make(DeliveryChange{DeliveryChange::Kind::cleared, 0, 0, 0});
}

void Processor::retire(std::uint64_t ordinal) {
  const std::uint64_t entries = state_.redeliveries.retired_by(ordinal);
  if (entries == 0) return;
  plan_.make(DeliveryChange{DeliveryChange::Kind::retired, 0, entries, 0});
}

/// Rule 29: whether this delivery repeats one that was taken. It is in the table from now on.
bool Processor::take_delivery(const Message& message, std::uint64_t ordinal) {
  if (message.packet_id == 0) return false;
  const std::uint64_t hash = hash_of(message);
  const bool redelivered = message.duplicate && state_.redeliveries.holds(message.packet_id, hash);
  plan_.make(DeliveryChange{DeliveryChange::Kind::taken, message.packet_id, hash, ordinal});
  return redelivered;
}

void Processor::message(const Message& message, std::uint64_t ordinal, MonotonicTime now) {
  const bool redelivered = take_delivery(message, ordinal);
  bool matched = false;
  topics_->match(message.topic, [&](std::uint32_t stream, std::span<const std::string_view> variables) {
    if (!takes_copy(streams_[stream], message.subscription)) return;
    matched = true;
    intake_.take(streams_[stream], message, variables, redelivered, now);
  });
  if (!matched) refuse_topic(message, redelivered);
}

/// A message that no stream takes is the gateway's.
void Processor::refuse_topic(const Message& message, bool redelivered) {
  const Account gateway;
  plan_.count(gateway, Counter::received, 1);
  if (redelivered) {
    plan_.count(gateway, Counter::redelivered, 1);
    return;
  }
  plan_.count(gateway, rejected_message(Rejection::unknown_topic), 1);
  dead_letters_.keep({}, {}, message, name_of(Rejection::unknown_topic));
}

Group Processor::end_group(Now now) {
  Group group;
  plan_.settle(now.arrival);
  emission_.leave(now.monotonic, group);
  finish_group(now, group);
  return group;
}

void Processor::finish_group(Now now, Group& group) {
  dead_letters_.leave_with(group);
  plan_.leave_with(now.arrival, group);
}

std::string Processor::shard(std::uint32_t shard) const {
  return encode_shard(state_, shard);
}

}  // namespace tidemark
