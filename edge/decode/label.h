// Labels: the texts that name a series (source, tags, names of fields that are not configured). They come from outside,
// are kept for months and are printed by others, so they are held to a size and to plain text.
#pragma once

#include <cstddef>
#include <string_view>

namespace tidemark {

inline constexpr std::size_t kMaxLabelBytes = 256;

/// Of all tags of a series, each counted with the bytes of its name and value and with kTagOverhead more. In events the
/// tags are one text, an object of JSON: written so, with every byte escaped, they stay within its 4,096 bytes.
inline constexpr std::size_t kMaxTagBytes = 2047;
inline constexpr std::size_t kTagOverhead = 3;

/// Valid UTF-8 without the control characters U+0000 to U+001F.
bool is_clean_text(std::string_view text);

/// Clean text of at most kMaxLabelBytes. May be empty.
bool is_label(std::string_view text);

}  // namespace tidemark
