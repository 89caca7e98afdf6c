#include "edge/decode/identity.h"

#include <algorithm>
#include <utility>

#include "edge/bytes/assert.h"
#include "edge/decode/label.h"

namespace tidemark {
namespace {

Result<LabelOrigin, DecoderError> parse_origin(DecoderError code, const std::string& key, const std::string& text,
                                               const std::vector<std::string>& variables) {
  LabelOrigin origin;
  if (TextTemplate::is_template(text)) {
    auto parsed = TextTemplate::parse(text, variables);
    if (!parsed) return fail(code, key + ": " + parsed.error().context);
    origin.text = std::move(*parsed);
    return origin;
  }
  auto path = parse_path(text);
  if (!path) return fail(code, key + ": " + path.error().context);
  if (path->steps.empty()) return fail(code, key + ": \"^\" is the whole message; write ^.key");
  origin.path = std::move(*path);
  return origin;
}

// The tags as configured, or every topic variable that does not already name the source; sorted by name.
std::vector<std::pair<std::string, std::string>> tags_of(const StreamDefinition& definition,
                                                         const std::vector<std::string>& variables,
                                                         const TextTemplate& source) {
  std::vector<std::pair<std::string, std::string>> tags;
  if (definition.default_tags) {
    for (std::uint32_t i = 0; i < variables.size(); ++i) {
      if (!source.uses(i)) tags.emplace_back(variables[i], "{" + variables[i] + "}");
    }
  } else {
    tags = definition.tags;
  }
  std::sort(tags.begin(), tags.end());
  return tags;
}

}  // namespace

Result<Identity, DecoderError> Identity::create(const StreamDefinition& definition) {
  auto topic = TopicTemplate::parse(definition.topic);
  if (!topic) return fail(DecoderError::bad_topic, "topic: " + topic.error().context);
  Identity result;
  result.topic_ = std::move(*topic);
  const std::vector<std::string>& variables = result.topic_.variables();

  result.source_is_topic_ = definition.source.empty();
  if (!result.source_is_topic_) {
    auto source = parse_origin(DecoderError::bad_source, "source", definition.source, variables);
    if (!source) return tl::unexpected(source.error());
    result.source_ = std::move(*source);
  }
  for (auto& [name, text] : tags_of(definition, variables, result.source_.text)) {
    const std::string key = "tags." + name;
    if (name.empty() || !is_label(name)) {
      return fail(DecoderError::bad_tag, "tags: a tag's name is 1 to 256 bytes of UTF-8 without control characters");
    }
    if (!result.tag_names_.empty() && result.tag_names_.back() == name) {
      return fail(DecoderError::bad_tag, key + ": stands twice; a tag has one value");
    }
    auto tag = parse_origin(DecoderError::bad_tag, key, text, variables);
    if (!tag) return tl::unexpected(tag.error());
    result.tag_names_.push_back(std::move(name));
    result.tags_.push_back(std::move(*tag));
  }
  result.tag_texts_.resize(result.tags_.size());
  result.tag_buffers_.resize(result.tags_.size());
  return result;
}

std::string Identity::first_path_key() const {
  if (source_.path) return "source";
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    if (tags_[i].path) return "tags." + tag_names_[i];
  }
  return {};
}

bool Identity::load(const Message& message, std::span<const std::string_view> variables) {
  TIDEMARK_ASSERT(variables.size() == topic_.variables().size());
  // The whole topic is checked once, so that what the labels take of it needs only its length looked at.
  if (!is_clean_text(message.topic)) return false;
  if (source_is_topic_) {
    source_text_ = message.topic;
  } else if (!source_.path) {
    source_text_ = source_.text.expand(variables, source_buffer_);
  }
  bool fits = source_text_.size() <= kMaxLabelBytes;
  for (std::size_t i = 0; i < tags_.size(); ++i) {
    if (tags_[i].path) continue;
    tag_texts_[i] = tags_[i].text.expand(variables, tag_buffers_[i]);
    fits = fits && tag_texts_[i].size() <= kMaxLabelBytes;
  }
  return fits;
}

std::string_view Identity::source_by_topic(const Message& message, std::span<const std::string_view> variables) {
  if (source_.path || !load(message, variables)) return {};
  return source_text_;
}

}  // namespace tidemark
