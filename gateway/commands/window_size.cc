#include "gateway/commands/window_size.h"

#include <fmt/format.h>

#include "gateway/config/units.h"

namespace tidemark {

std::optional<Duration> parse_window_size(const char* option, const std::string& text) {
  const auto parsed = parse_duration(text);
  if (!parsed) {
    fmt::print(stderr, "{} {}; {}\n", option, parsed.error().wrong, parsed.error().right);
    return std::nullopt;
  }
  if (parsed->ns > 0) return *parsed;
  fmt::print(stderr, "{} {} is no window's size; write one such as 1min, 15min or 1h\n", option, in_quotes(text));
  return std::nullopt;
}

}  // namespace tidemark
