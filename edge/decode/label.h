// Labels: the texts that name a series (source, tags, names of fields that are not configured). They come from outside,
// are kept for months and are printed by others, so they are held to a size and to plain text.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidemark {

inline constexpr std::size_t kMaxLabelBytes = 256;

/// Valid UTF-8 without the control characters U+0000 to U+001F.
bool is_clean_text(std::string_view text);

/// Clean text of at most kMaxLabelBytes. May be empty.
bool is_label(std::string_view text);

}  // namespace tidemark
