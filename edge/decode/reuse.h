// Vectors that are filled by one message after the other: what an unusual one took is given back when the next comes,
// so that memory is bounded by what is usual, and nothing is allocated once warm.
#pragma once

#include <cstddef>
#include <vector>

namespace tidemark {

inline constexpr std::size_t kKeptEntries = 4096;

template <typename T>
void clear_for_reuse(std::vector<T>& entries) {
  entries.clear();
  if (entries.capacity() > kKeptEntries) entries.shrink_to_fit();
}

}  // namespace tidemark
