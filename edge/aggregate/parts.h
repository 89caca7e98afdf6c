// The table of components: to add one, write its file (as sum.h), append its number to Component, and add its line
// here. The order is that of the bits.
#pragma once

#include <cstddef>
#include <cstdint>

#include "edge/aggregate/endpoints.h"
#include "edge/aggregate/extremes.h"
#include "edge/aggregate/squares.h"
#include "edge/aggregate/sum.h"

namespace tidemark {

/// The components are bases, not members, so that what follows can use the padding at the end of the last.
template <typename... Part>
class PartList : private Part... {
 public:
  /// The bits of the components this version knows.
  static constexpr std::uint32_t kKnown = (1u << sizeof...(Part)) - 1;
  static constexpr std::size_t kSize = sizeof...(Part);

  template <typename P>
  [[nodiscard]] const P& get() const {
    return *this;
  }
  template <typename P>
  [[nodiscard]] P& get() {
    return *this;
  }

  /// Calls visit(part) for each component of `kept`. What is not kept costs one bit test.
  template <typename Visitor>
  void for_each(std::uint32_t kept, Visitor&& visit) {
    ((has<Part>(kept) ? visit(get<Part>()) : void()), ...);
  }
  template <typename Visitor>
  void for_each(std::uint32_t kept, Visitor&& visit) const {
    ((has<Part>(kept) ? visit(get<Part>()) : void()), ...);
  }

 private:
  template <typename P>
  static constexpr bool has(std::uint32_t kept) {
    return ((kept >> static_cast<unsigned>(P::kComponent)) & 1u) != 0;
  }

  static constexpr bool in_order_of_bits() {
    unsigned bit = 0;
    return ((static_cast<unsigned>(Part::kComponent) == bit++) && ...);
  }
  static_assert(in_order_of_bits());
};

using Parts = PartList<  //
    Sum,                 //
    Squares,             //
    ExtremesPart,        //
    EndpointsPart>;

}  // namespace tidemark
