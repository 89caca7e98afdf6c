// The bytes of one event, verified: a FlatBuffer in aligned memory of its own, safe to walk. Nothing is decoded yet but
// the header.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/event/event.h"
#include "schemas/telemetry_generated.h"

namespace tidemark {

class EventRecord {
 public:
  /// Any bytes are safe.
  static Result<EventRecord, EventError> open(std::string_view bytes);

  [[nodiscard]] const log::Event& root() const { return *log::GetEvent(words_.data()); }
  [[nodiscard]] const EventHeader& header() const { return header_; }

 private:
  std::vector<std::uint64_t> words_;  // 8-aligned: FlatBuffers reads 64-bit fields where they lie, and a misaligned
                                      // read is a SIGBUS on 32-bit ARM
  EventHeader header_;
};

/// Strings as far as they may be read: UTF-8, and not longer than kMaxTextBytes each. Many offsets of a hostile event
/// can name one long string; the budget for all of them together bounds the work.
class TextBudget {
 public:
  bool take(const flatbuffers::String* text);

 private:
  std::uint64_t left_ = 2ull * kMaxEventBytes;
};

}  // namespace tidemark
