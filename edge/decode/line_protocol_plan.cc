#include "edge/decode/line_protocol_plan.h"

#include <algorithm>

#include "edge/decode/path.h"

namespace tidemark {
namespace {

// A path of keys alone.
bool leads_through_keys(const Path& path) {
  return path.levels_up == 0 && std::none_of(path.steps.begin(), path.steps.end(),
                                             [](const PathStep& step) { return step.is_index || step.every; });
}

Result<std::optional<LineProtocolPlan::Label>, DecoderError> label_of(const LabelOrigin& origin, DecoderError code,
                                                                      const std::string& key) {
  if (!origin.path) return std::optional<LineProtocolPlan::Label>();
  const std::vector<PathStep>& steps = origin.path->steps;
  if (leads_through_keys(*origin.path)) {
    if (steps.size() == 1 && steps[0].key == "measurement") return LineProtocolPlan::Label{};
    if (steps.size() == 2 && steps[0].key == "tag" && !steps[1].key.empty()) {
      return LineProtocolPlan::Label{steps[1].key};
    }
  }
  return fail(code, key +
                        ": of a line it can be a tag, such as tag.host, or measurement; or use a topic variable, such "
                        "as {device}");
}

}  // namespace

Result<LineProtocolPlan, DecoderError> LineProtocolPlan::create(const StreamDefinition& definition,
                                                                const Identity& identity) {
  if (!definition.each.empty()) {
    return fail(DecoderError::bad_each, "each: every line is a record already; leave it out");
  }
  if (!definition.time.empty()) {
    return fail(
        DecoderError::bad_time,
        "time: it stands at the end of each line; leave it out, and write its unit, such as time_format = \"s\"");
  }
  if (definition.time_format == TimeFormat::rfc3339 || definition.time_format == TimeFormat::iso8601_local) {
    return fail(DecoderError::bad_time_format,
                "time_format: the time of a line is a whole number; write s, ms, us or ns");
  }
  if (!definition.sequence.empty()) {
    return fail(DecoderError::bad_sequence, "sequence: a line has no number of its message; leave it out");
  }
  LineProtocolPlan plan;
  auto source = label_of(identity.source(), DecoderError::bad_source, "source");
  if (!source) return tl::unexpected(source.error());
  plan.source_ = std::move(*source);
  for (std::size_t i = 0; i < identity.tags().size(); ++i) {
    auto tag = label_of(identity.tags()[i], DecoderError::bad_tag, "tags." + identity.tag_names()[i]);
    if (!tag) return tl::unexpected(tag.error());
    plan.tags_.push_back(std::move(*tag));
  }
  for (std::size_t i = 0; i < definition.fields.size(); ++i) {
    const std::string key = "field[" + std::to_string(i) + "].path";
    const auto path = parse_path(definition.fields[i].path);
    if (!path) return fail(DecoderError::bad_path, key + ": " + path.error().context);
    if (path->steps.size() != 2 || !leads_through_keys(*path)) {
      return fail(DecoderError::bad_path, key + ": \"" + definition.fields[i].path +
                                              "\": a line's field is named by its measurement and its key, such as "
                                              "climate.temperature, each in \"quotes\" if it holds a dot");
    }
    plan.fields_.push_back(plan.place_of(path->steps[0].key, path->steps[1].key));
  }
  return plan;
}

std::uint32_t LineProtocolPlan::place_of(std::string_view measurement, std::string_view field) {
  auto of = std::find_if(measurements_.begin(), measurements_.end(),
                         [measurement](const Measurement& known) { return known.name == measurement; });
  if (of == measurements_.end()) of = measurements_.insert(of, Measurement{std::string(measurement), {}});
  for (const auto& [key, place] : of->fields) {
    if (key == field) return place;
  }
  of->fields.emplace_back(field, distinct_paths_);
  return distinct_paths_++;
}

const LineProtocolPlan::Measurement* LineProtocolPlan::measurement(std::string_view name) const {
  for (const Measurement& known : measurements_) {
    if (known.name == name) return &known;
  }
  return nullptr;
}

std::optional<std::uint32_t> find_field(const LineProtocolPlan::Measurement& wanted, std::string_view key,
                                        std::size_t& next) {
  const std::size_t count = wanted.fields.size();
  for (std::size_t tried = 0; tried < count; ++tried) {
    if (next >= count) next = 0;
    const auto& [known, place] = wanted.fields[next++];
    if (known == key) return place;
  }
  return std::nullopt;
}

}  // namespace tidemark
