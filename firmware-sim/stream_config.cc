#include "firmware-sim/stream_config.h"

#include <fmt/format.h>

namespace firmware_sim {

std::string stream_config(std::span<const CatalogueEntry* const> models, std::string_view plant,
                          std::string_view window) {
  std::string out;
  for (const CatalogueEntry* entry : models) {
    const ModelDescription& model = *entry->description;
    out += fmt::format("[[stream]]\nname = \"{0}\"\ntopic = \"{1}/{{site}}/{{device}}/{0}\"\nsource = \"{{device}}\"\n",
                       model.name, plant);
    switch (model.layout) {
      case Layout::flat:
      case Layout::nested:
        out += "format = \"json\"\ntime = \"ts\"\ntime_format = \"ms\"\nsequence = \"n\"\n";
        break;
      case Layout::samples:
        out += "format = \"json\"\neach = \"samples\"\ntime = \"ts\"\ntime_format = \"ms\"\nsequence = \"^.n\"\n";
        break;
      case Layout::scalar:
        out += "format = \"scalar\"\n";
        break;
    }
    out += fmt::format(
        "window = \"{}\"\naggregates = [\"count\", \"sum\", \"mean\", \"stddev\", \"min\", \"max\", \"first\", "
        "\"last\"]\n\n",
        window);
    for (const Field& field : model.fields) {
      out += "[[stream.field]]\n";
      // A scalar has no paths: its payload is the value.
      if (model.layout != Layout::scalar) out += fmt::format("path = \"{}\"\n", field.path);
      out += fmt::format("name = \"{}\"\nunit = \"{}\"\nkind = \"{}\"\n\n", field.path, field.unit, field.kind);
    }
  }
  return out;
}

}  // namespace firmware_sim
