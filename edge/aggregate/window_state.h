// The mergeable state of one window of one series: a count and the components that the stream's aggregates need, each in
// a file of its own (sum.h, squares.h, extremes.h, endpoints.h). merge is associative and commutative, so any arrival
// order and any merge tree give the same bytes (SEMANTICS, rules 24 and 26).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"
#include "edge/value/decimal.h"
#include "edge/value/exact_sum.h"

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

/// The aggregates by the names users write ("count", "mean", ...), and the components each needs. Nullopt: no such
/// aggregate (yet).
std::optional<ComponentSet> components_of(std::string_view aggregate);

struct Extremes {
  Decimal min;
  Decimal max;
};

/// By (event time, value), a total order.
struct Endpoints {
  EventTime first_time;
  Decimal first;
  EventTime last_time;
  Decimal last;
};

class WindowState {
 public:
  WindowState() = default;
  explicit WindowState(ComponentSet kept);

  void add(EventTime time, const Decimal& value);

  /// Requires equal component sets.
  void merge(const WindowState& other);

  [[nodiscard]] ComponentSet kept() const;
  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] bool empty() const { return count() == 0; }

  /// Each requires that its component is kept; extremes and endpoints also that the state is not empty.
  [[nodiscard]] const ExactSum& sum() const;      // Σ value
  [[nodiscard]] const ExactSum& squares() const;  // Σ value²
  [[nodiscard]] const Extremes& extremes() const;
  [[nodiscard]] const Endpoints& endpoints() const;

  /// Builds a state from its parts, as a reader of events does. Parts that are not kept are ignored.
  static WindowState from_parts(ComponentSet kept, std::uint64_t count, ExactSum sum, ExactSum squares,
                                const Extremes& extremes, const Endpoints& endpoints);

  /// Canonical bytes: equal states, equal bytes. `decode` marks the reader damaged on malformed bytes.
  void encode(ByteWriter& out) const;
  static WindowState decode(ByteReader& in);

  friend bool operator==(const WindowState& a, const WindowState& b);

 private:
  // Owner of this file: the real representation, as compact as it can be.
};

}  // namespace tidemark
