// The known word that was probably meant: what an unknown key, value or aggregate is answered with.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidemark {

/// Damerau-Levenshtein distance in its restricted form (optimal string alignment): insertions, deletions, substitutions
/// and swaps of neighbours each cost one. Case and the difference between '-' and '_' cost nothing.
std::uint32_t edit_distance(std::string_view a, std::string_view b);

/// The candidate at the least distance, the first of equals; nullopt when there are no candidates.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

/// What to say of an unknown word: `did you mean "broker"?` when one is near, else `known KIND: a, b, c`.
std::string suggestion(std::string_view word, std::span<const std::string_view> candidates, std::string_view kind);

}  // namespace tidemark
