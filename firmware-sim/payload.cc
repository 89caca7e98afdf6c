#include "firmware-sim/payload.h"

namespace firmware_sim {
namespace {

void append_value(std::string& out, const Field& field, const FixedDecimal& value) {
  if (field.boolean) {
    out.append(value.units != 0 ? "true" : "false");
  } else {
    append_text(out, value);
  }
}

// Members of one object: "a":1,"b":2 with a comma before each but the first.
void append_fields(std::string& out, const ModelDescription& model, const Sample& sample, std::size_t sample_index,
                   const Blemish& blemish, bool first) {
  for (std::size_t i = 0; i < model.fields.size(); ++i) {
    const bool hit = blemish.hits(sample_index, i);
    if (hit && blemish.text.empty()) continue;
    if (!first) out.push_back(',');
    first = false;
    out.push_back('"');
    out.append(model.fields[i].key);
    out.append("\":");
    if (!hit) {
      append_value(out, model.fields[i], sample.values[i]);
    } else if (blemish.text == "\"\"") {
      out.push_back('"');
      append_value(out, model.fields[i], sample.values[i]);
      out.push_back('"');
    } else {
      out.append(blemish.text);
    }
  }
}

void append_time(std::string& out, const Sample& sample) {
  out.append("\"ts\":");
  append_integer(out, sample.event_ms);
}

}  // namespace

std::string render_payload(const PayloadParts& parts, const Blemish& blemish) {
  const ModelDescription& model = parts.model;
  std::string out;
  if (model.layout == Layout::scalar) {
    if (blemish.place == Blemish::Place::none) {
      append_value(out, model.fields[0], parts.samples[0].values[0]);
    } else {
      out.append(blemish.text);
    }
    return out;
  }
  out.reserve(96 + parts.extra.size() + 48 * parts.samples.size());
  out.push_back('{');
  out.append(parts.extra);
  out.append("\"n\":");
  append_integer(out, parts.sequence.value_or(0));
  switch (model.layout) {
    case Layout::flat:
    case Layout::nested: {
      const bool nested = model.layout == Layout::nested;
      if (!blemish.without_time) {
        out.push_back(',');
        append_time(out, parts.samples[0]);
      }
      if (nested) {
        out.append(",\"");
        out.append(model.group);
        out.append("\":{");
      }
      append_fields(out, model, parts.samples[0], 0, blemish, nested);
      if (nested) out.push_back('}');
      break;
    }
    case Layout::samples:
      out.append(",\"id\":\"");
      out.append(parts.source);
      out.append("\",\"samples\":[");
      for (std::size_t i = 0; i < parts.samples.size(); ++i) {
        if (i > 0) out.push_back(',');
        out.push_back('{');
        if (!blemish.without_time) append_time(out, parts.samples[i]);
        append_fields(out, model, parts.samples[i], i, blemish, blemish.without_time);
        out.push_back('}');
      }
      out.push_back(']');
      break;
    case Layout::scalar:
      break;
  }
  out.push_back('}');
  return out;
}

}  // namespace firmware_sim
