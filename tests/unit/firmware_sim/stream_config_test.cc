#include "firmware-sim/stream_config.h"

#include <doctest/doctest.h>

#include <vector>

using namespace firmware_sim;

TEST_CASE("the printed configuration names every model, every field, and where time and number stand") {
  std::vector<const CatalogueEntry*> models;
  for (const CatalogueEntry& entry : catalogue()) models.push_back(&entry);
  const std::string text = stream_config(models, "{plant}", "15s");
  const auto holds = [&](const std::string& part) { return text.find(part) != std::string::npos; };
  for (const CatalogueEntry* entry : models) {
    CHECK(holds("topic = \"{plant}/{site}/{device}/" + std::string(entry->description->name) + "\""));
    for (const Field& field : entry->description->fields) {
      const bool scalar = entry->description->layout == Layout::scalar;
      CHECK(holds("path = \"" + std::string(field.path) + "\"") == !scalar);
      CHECK(holds("name = \"" + std::string(field.path) + "\""));
    }
  }
  CHECK(holds("each = \"samples\"\ntime = \"ts\"\ntime_format = \"ms\"\nsequence = \"^.n\"\n"));
  CHECK(holds("format = \"scalar\"\nwindow = \"15s\"\n"));
}
