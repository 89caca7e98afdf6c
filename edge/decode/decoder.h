// Payload to readings, for one stream. One file per format stands behind this; adding a format is a file and a line in
// the table of decoder.cc.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoded.h"
#include "edge/decode/message.h"
#include "edge/decode/topic_template.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

enum class DecoderError : std::uint8_t {
  bad_topic,
  bad_source,
  bad_tag,
  bad_path,
  bad_each,
  bad_time,
  bad_time_format,
  bad_sequence
};

class Decoder {
 public:
  virtual ~Decoder() = default;

  /// Checks templates and paths. On failure the context names the key ("source", "tags.site", "field[2].path") and says
  /// what would be right.
  static Result<std::unique_ptr<Decoder>, DecoderError> create(const StreamDefinition& definition,
                                                               const PayloadLimits& limits);

  /// Names of the tags, in the order in which records carry them: sorted by name. None where the payload names them.
  [[nodiscard]] virtual const std::vector<std::string>& tag_names() const = 0;
  [[nodiscard]] virtual const TopicTemplate& topic() const = 0;

  /// The source of a message, where its topic alone names it; empty: the payload does, or the topic holds no name. A
  /// view into the message or this decoder until the next call.
  virtual std::string_view source_by_topic(const Message& message, std::span<const std::string_view> variables) = 0;

  /// `variables`: what topic() matched. Never fails: what is wrong is said in `out`, by reason; good readings beside a
  /// bad one are exact. `out` is cleared first and refers to the message and to this decoder until the next call.
  virtual void decode(const Message& message, std::span<const std::string_view> variables, Decoded& out) = 0;
};

}  // namespace tidemark
