// The tags of a series as text.
#pragma once

#include <string>
#include <string_view>

namespace tidemark {

/// {"site":"north"}: keys as packed (sorted), RFC 8259 escapes, no white space. `packed`: name, value, name, value,
/// each with its length.
std::string tags_json(std::string_view packed);

}  // namespace tidemark
