// A window's size on the command line.
#pragma once

#include <optional>
#include <string>

#include "edge/time/instant.h"

namespace tidemark {

/// Above 0. Nullopt: what is wrong with it, and what would be right, has been said.
std::optional<Duration> parse_window_size(const char* option, const std::string& text);

}  // namespace tidemark
