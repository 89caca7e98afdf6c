#include "edge/decode/senml_json.h"

#include <algorithm>
#include <string>
#include <utility>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

// The message is an array of objects, and of each of them every label of the RFC is wanted.
JsonPlan plan_of_labels() {
  StreamDefinition stream;
  stream.topic = "#";
  stream.default_tags = false;
  stream.each = "^";
  for (const std::string_view label : kSenmlLabels) {
    stream.fields.push_back({std::string(label), std::string(label), "", FieldKind::gauge});
  }
  const auto identity = Identity::create(stream);
  TIDEMARK_ASSERT(identity.has_value());
  auto plan = JsonPlan::create(stream, *identity);
  TIDEMARK_ASSERT(plan.has_value());
  return std::move(*plan);
}

}  // namespace

SenmlJson::SenmlJson(std::uint32_t max_depth)
    : walk_(plan_of_labels(), max_depth, JsonWalk::UnknownKeys::must_understand_underscored) {}

std::optional<Rejection> SenmlJson::start(std::string_view payload) {
  next_ = 0;
  unnamed_.clear();
  if (const auto rejection = walk_.run(payload, unnamed_)) return rejection;
  const auto& elements = walk_.elements();
  const bool objects = std::all_of(elements.begin(), elements.end(), [](const auto& found) { return found.object; });
  return objects ? std::nullopt : std::optional(Rejection::malformed);
}

bool SenmlJson::next(SenmlRecord& record) {
  if (next_ == walk_.elements().size()) return false;
  walk_.select(walk_.elements()[next_++]);
  for (std::size_t i = 0; i < kSenmlLabels.size(); ++i) record.values[i] = walk_.value(walk_.plan().fields()[i]);
  return true;
}

}  // namespace tidemark
