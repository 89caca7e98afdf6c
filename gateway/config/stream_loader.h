// One [[stream]] table to a StreamDefinition.
#pragma once

#include <toml++/toml.h>
#include <map>
#include <string>

#include "edge/stream/stream_definition.h"
#include "gateway/config/problem.h"

namespace tidemark {

struct LoadedStream {
  StreamDefinition definition;
  std::map<std::string, Position> places;  // of its keys, as "window", "tags.site", "field[2].path"; "": the table
};

/// What is wrong is put on `problems`; the definition is whole only if nothing was.
LoadedStream load_stream(const toml::table& table, const PayloadLimits& limits, ProblemList& problems);

}  // namespace tidemark
