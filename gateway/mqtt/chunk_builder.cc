#include "gateway/mqtt/chunk_builder.h"

#include <cstring>
#include <utility>

#include "edge/bytes/assert.h"

namespace tidemark {

bool ChunkBuilder::has_room(const mqtt::Publish& publish) const {
  return chunk_.bytes == nullptr || publish.topic.size() + publish.payload.size() <= capacity_ - used_;
}

void ChunkBuilder::add(const mqtt::Publish& publish, std::uint64_t ordinal, std::size_t more) {
  TIDEMARK_ASSERT(has_room(publish));
  const std::size_t size = publish.topic.size() + publish.payload.size();
  if (chunk_.bytes == nullptr) {
    // One allocation for all: the views must not move, and what is buffered bounds what can follow.
    capacity_ = size + more;
    chunk_.bytes = std::make_unique_for_overwrite<char[]>(capacity_);
  }
  char* const topic = chunk_.bytes.get() + used_;
  char* const payload = topic + publish.topic.size();
  std::memcpy(topic, publish.topic.data(), publish.topic.size());
  if (!publish.payload.empty()) std::memcpy(payload, publish.payload.data(), publish.payload.size());
  used_ += size;

  GateEvent event;
  event.kind = GateEvent::Kind::publish;
  event.message = static_cast<std::uint32_t>(chunk_.messages.size());
  event.ordinal = ordinal;
  chunk_.events.push_back(event);

  Message message;
  message.topic = {topic, publish.topic.size()};
  message.payload = {payload, publish.payload.size()};
  message.payload_size = publish.payload_size;
  message.subscription = publish.subscription;
  message.packet_id = publish.packet_id;
  message.duplicate = publish.duplicate;
  message.retained = publish.retained;
  message.oversized = publish.oversized;
  message.arrival = arrival_;
  chunk_.messages.push_back(message);
}

MessageChunk ChunkBuilder::take() {
  MessageChunk chunk = std::exchange(chunk_, MessageChunk());
  chunk.connection = connection_;
  chunk.read_at = read_at_;
  chunk.footprint = sizeof(MessageChunk) + capacity_ + chunk.messages.capacity() * sizeof(Message) +
                    chunk.events.capacity() * sizeof(GateEvent);
  capacity_ = used_ = 0;
  return chunk;
}

}  // namespace tidemark
