// What a field's kind is called in configurations, fingerprints and exports.
#pragma once

#include <string_view>

#include "edge/stream/stream_definition.h"

namespace tidemark {

constexpr std::string_view name_of(FieldKind kind) {
  switch (kind) {
    case FieldKind::gauge:
      return "gauge";
    case FieldKind::counter:
      return "counter";
    case FieldKind::state:
      return "state";
  }
  return "";
}

}  // namespace tidemark
