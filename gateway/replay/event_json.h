// An event of the log as one line of JSON, for people and scripts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "edge/store/store.h"

namespace tidemark {

/// With its line end. An event that cannot be read says so: {"position":7,"error":"..."}. Epochs are 16 hexadecimal
/// digits: as numbers they would not survive most readers of JSON. Decimals are numbers of any length.
/// `partition`: of a log that has several, after the position.
std::string event_json(const LogRow& row, std::optional<std::uint32_t> partition = std::nullopt);

}  // namespace tidemark
