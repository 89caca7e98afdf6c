// An event of the log as one line of JSON, for people and scripts.
#pragma once

#include <string>

#include "edge/store/store.h"

namespace tidemark {

/// With its line end. An event that cannot be read says so: {"position":7,"error":"..."}. Epochs are 16 hexadecimal
/// digits: as numbers they would not survive most readers of JSON. Decimals are numbers of any length.
std::string event_json(const LogRow& row);

}  // namespace tidemark
