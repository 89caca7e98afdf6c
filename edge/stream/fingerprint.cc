#include "edge/stream/fingerprint.h"

#include "edge/stream/field_kind_name.h"

#include <algorithm>
#include <tuple>

namespace tidemark {
namespace {

// Lengths before texts: no text can imitate the end of another.
void append_text(std::string& out, const std::string& text) {
  out += std::to_string(text.size());
  out += ':';
  out += text;
}

}  // namespace

std::string fingerprint(const StreamDefinition& definition) {
  std::string out = "window " + std::to_string(definition.window.ns) + "\noffset " +
                    std::to_string(definition.offset.ns) + "\naggregates";
  std::vector<std::string> aggregates = definition.aggregates;
  std::sort(aggregates.begin(), aggregates.end());
  aggregates.erase(std::unique(aggregates.begin(), aggregates.end()), aggregates.end());
  for (const std::string& aggregate : aggregates) {
    out += ' ';
    append_text(out, aggregate);
  }
  out += '\n';
  std::vector<FieldDefinition> fields = definition.fields;
  const auto key = [](const FieldDefinition& f) { return std::tie(f.name, f.path, f.unit, f.kind); };
  std::sort(fields.begin(), fields.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  for (const FieldDefinition& field : fields) {
    out += "field ";
    append_text(out, field.name);
    out += ' ';
    append_text(out, field.path);
    out += ' ';
    append_text(out, field.unit);
    out += ' ';
    out += name_of(field.kind);
    out += '\n';
  }
  return out;
}

}  // namespace tidemark
