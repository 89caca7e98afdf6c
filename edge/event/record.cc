#include "edge/event/record.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "edge/event/utf8.h"

namespace tidemark {
namespace {

// Event > body > group is as deep as it gets; a little is left for versions to come.
constexpr flatbuffers::uoffset_t kMaxDepth = 12;
// A source report of the greatest size holds about 100,000; the verifier's work grows with what it is allowed.
constexpr flatbuffers::uoffset_t kMaxTables = 262'144;

// What the smallest buffer with an identifier takes.
constexpr std::size_t kLeastBytes = 8;

}  // namespace

Result<EventRecord, EventError> EventRecord::open(std::string_view bytes) {
  if (bytes.size() > kMaxEventBytes) {
    return fail(EventError::too_large,
                "an event of " + std::to_string(bytes.size()) + " bytes, more than " + std::to_string(kMaxEventBytes));
  }
  if (bytes.size() < kLeastBytes || bytes.substr(4, 4) != log::EventIdentifier()) {
    return fail(EventError::not_an_event, "no file identifier TDMK: not a Tidemark event");
  }
  EventRecord record;
  record.words_.resize((bytes.size() + 7) / 8);
  std::memcpy(record.words_.data(), bytes.data(), bytes.size());
  const auto* data = reinterpret_cast<const std::uint8_t*>(record.words_.data());
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  if (!log::VerifyEventBuffer(verifier)) {
    return fail(EventError::damaged, "the event's FlatBuffer does not verify");
  }

  // The verifier lets a union stand without its value.
  const log::Event& root = record.root();
  if (root.body_type() == log::Body::NONE || root.body() == nullptr) {
    return fail(EventError::damaged, "an event without a body");
  }
  TextBudget text;
  const auto* digest = root.digest();
  EventHeader& header = record.header_;
  if (!text.take(root.gateway())) return fail(EventError::damaged, "the gateway's name is not valid text");
  if (digest != nullptr && digest->size() != header.digest.size()) {
    return fail(EventError::damaged, "the digest has " + std::to_string(digest->size()) + " bytes, not 16");
  }
  header.gateway = root.gateway()->str();
  header.epoch = root.epoch();
  header.sequence = root.sequence();
  header.previous_epoch = root.previous_epoch();
  header.previous_sequence = root.previous_sequence();
  if (digest != nullptr) std::copy(digest->begin(), digest->end(), header.digest.begin());
  header.committed_at = {root.committed_at()};
  return record;
}

bool TextBudget::take(const flatbuffers::String* text) {
  if (text == nullptr) return true;
  if (text->size() > kMaxTextBytes || text->size() > left_) return false;
  left_ -= text->size();
  return is_utf8(text->string_view());
}

}  // namespace tidemark
