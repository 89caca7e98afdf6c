#include "edge/processor/dead_letters.h"

#include <utility>

namespace tidemark {
namespace {

// What is kept of a topic, which may have 64 KiB, and of a payload (rule 34).
constexpr std::size_t kTopicBytes = 512;
constexpr std::size_t kPayloadBytes = 256;

}  // namespace

void DeadLetters::keep(std::string_view stream, std::string_view source, const Message& message,
                       std::string_view reason) {
  if (letters_.size() >= kMostDeadLetters) {
    ++skipped_;
    return;
  }
  DeadLetter letter;
  letter.arrival = message.arrival;
  letter.stream = stream;
  letter.source = source;
  letter.topic = message.topic.substr(0, kTopicBytes);
  letter.reason = reason;
  letter.payload = message.payload.substr(0, kPayloadBytes);
  letter.payload_size = message.payload_size;
  letters_.push_back(std::move(letter));
}

void DeadLetters::leave_with(Group& group) {
  group.dead_letters = std::exchange(letters_, {});
  group.dead_letters_skipped = std::exchange(skipped_, 0);
}

}  // namespace tidemark
