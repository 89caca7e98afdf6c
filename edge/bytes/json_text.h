// A text as a JSON string (RFC 8259), with no escape that need not be.
#pragma once

#include <string>
#include <string_view>

namespace tidemark {

/// With its quotes. Requires UTF-8, as everything in events is.
void append_json_text(std::string& out, std::string_view text);

}  // namespace tidemark
