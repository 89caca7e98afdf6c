// A text as a JSON string.
#pragma once

#include <string>
#include <string_view>

namespace tidemark {

/// Requires UTF-8, as everything in events is.
void append_json_text(std::string& out, std::string_view text);

}  // namespace tidemark
