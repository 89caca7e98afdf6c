// The mergeable components of a window's state by number, and sets of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace tidemark {

/// Bit positions are stored in state bytes and events: never renumber, only append.
enum class Component : std::uint8_t { sum = 0, squares = 1, extremes = 2, endpoints = 3 };

/// Which components a stream keeps. The count is always kept.
class ComponentSet {
 public:
  constexpr ComponentSet() = default;
  constexpr explicit ComponentSet(std::uint32_t bits) : bits_(bits) {}
  [[nodiscard]] constexpr bool has(Component c) const { return ((bits_ >> static_cast<unsigned>(c)) & 1u) != 0; }
  constexpr ComponentSet with(Component c) const { return ComponentSet(bits_ | (1u << static_cast<unsigned>(c))); }
  [[nodiscard]] constexpr std::uint32_t bits() const { return bits_; }
  friend constexpr bool operator==(const ComponentSet&, const ComponentSet&) = default;

 private:
  std::uint32_t bits_ = 0;
};

/// An aggregate by the name that users write ("count", "mean", ...), and the components it needs.
struct Aggregate {
  std::string_view name;
  ComponentSet needs;
};

/// Every aggregate there is, in the order in which people are shown them.
std::span<const Aggregate> aggregates();

/// Nullopt: no such aggregate (yet).
std::optional<ComponentSet> components_of(std::string_view aggregate);

}  // namespace tidemark
