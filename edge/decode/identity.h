// Where a record's source and tags come from: the topic's variables, or paths into the payload. The part of a decoder
// that all formats share.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoder.h"
#include "edge/decode/message.h"
#include "edge/decode/path.h"
#include "edge/decode/text_template.h"
#include "edge/decode/topic_template.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

/// A source or tag: taken from the payload where `path` is set, from the topic otherwise.
struct LabelOrigin {
  std::optional<Path> path;
  TextTemplate text;
};

class Identity {
 public:
  /// Parses the topic, `source` and the tags of a stream. An empty `source` is the whole topic. On failure the context
  /// names the key and says what would be right.
  static Result<Identity, DecoderError> create(const StreamDefinition& definition);

  [[nodiscard]] const TopicTemplate& topic() const { return topic_; }
  [[nodiscard]] const std::vector<std::string>& tag_names() const { return tag_names_; }
  [[nodiscard]] const LabelOrigin& source() const { return source_; }
  [[nodiscard]] const std::vector<LabelOrigin>& tags() const { return tags_; }

  /// The key of the first label with a path, or empty: for formats whose payloads have no paths.
  [[nodiscard]] std::string first_path_key() const;

  /// Takes the topic's part of `message` in: false if the topic, or a label made of it, is not what may name a series
  /// (label.h). `variables`: what topic() matched.
  bool load(const Message& message, std::span<const std::string_view> variables);

  /// As Decoder::source_by_topic; loads the message.
  std::string_view source_by_topic(const Message& message, std::span<const std::string_view> variables);

  /// The labels that come from the topic, of the message loaded last; empty for those with a path. Views into the
  /// message and into this object until the next load.
  [[nodiscard]] std::string_view source_text() const { return source_text_; }
  [[nodiscard]] std::span<const std::string_view> tag_texts() const { return tag_texts_; }

 private:
  // Constant after construction.
  TopicTemplate topic_;
  bool source_is_topic_ = false;
  LabelOrigin source_;
  std::vector<std::string> tag_names_;
  std::vector<LabelOrigin> tags_;

  // Of the message at hand.
  std::string_view source_text_;
  std::vector<std::string_view> tag_texts_;
  std::string source_buffer_;
  std::vector<std::string> tag_buffers_;
};

}  // namespace tidemark
