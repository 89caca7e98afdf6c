// Paths into a JSON payload: `climate.temperature`, `"key.with.dots".x`, `samples[0].v`, `^.gateway.time`. Dots stand
// between keys, quotes around a key that holds a dot, bracket, brace or quote, [0] counts into an array, and ^ is what
// stands around the elements at which `each` has made the other paths start. In `each` itself, [] goes into every
// element of an array: `nodes[].readings`.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"

namespace tidemark {

struct PathStep {
  bool is_index = false;
  std::uint32_t index = 0;  // into an array
  std::string key = {};     // of an object
  bool every = false;       // [], every element of an array
  friend bool operator==(const PathStep&, const PathStep&) = default;
};

struct Path {
  std::uint32_t levels_up = 0;  // how many ^ it began with
  std::vector<PathStep> steps;
  friend bool operator==(const Path&, const Path&) = default;
};

enum class PathError : std::uint8_t { empty, bad_key, bad_index, unclosed_quote };

/// In a quoted key `\"` is a quote and `\\` a backslash. "^" alone is the message itself: a path without steps. "^.^.x"
/// goes up twice.
Result<Path, PathError> parse_path(std::string_view text);

/// Appends one step to the text of a path, quoted where parse_path needs it: parse_path reads the result back as the
/// same steps. Readings that are not configured are named so.
void append_key(std::string& path, std::string_view key);
void append_index(std::string& path, std::uint32_t index);

/// Whether append_key to an empty path would write the key as it is.
bool is_bare_key(std::string_view key);

}  // namespace tidemark
