// Writes one event's FlatBuffer: shared strings, columns, and the header around the body.
#pragma once

#include <string>
#include <string_view>

#include "edge/event/column.h"
#include "edge/event/event.h"
#include "schemas/telemetry_generated.h"

namespace tidemark {

class RecordBuilder {
 public:
  /// `panes`: about how many, for the first allocation.
  explicit RecordBuilder(std::size_t panes);

  [[nodiscard]] flatbuffers::FlatBufferBuilder& builder() { return builder_; }

  /// Equal texts are written once.
  flatbuffers::Offset<flatbuffers::String> text(std::string_view text);
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> column(const Integers& values);

  /// Closes the record.
  std::string finish(const EventHeader& header, log::Body type, flatbuffers::Offset<void> body);

 private:
  flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace tidemark
