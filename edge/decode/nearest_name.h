// The known name nearest to a mistyped one, for error messages that say what would be right.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

/// By edit distance (insertions, deletions, replacements); the first of equally near ones. Empty if `known` is.
std::string_view nearest_name(std::string_view name, const std::vector<std::string>& known);

}  // namespace tidemark
