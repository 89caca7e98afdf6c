// The mergeable state of one window of one series: a count and the components that the stream's aggregates need, each
// in a file of its own (sum.h, squares.h, extremes.h, endpoints.h; the table is parts.h). merge is associative and
// commutative, so any arrival order and any merge tree give the same bytes (SEMANTICS, rules 24 and 26).
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/aggregate/component.h"
#include "edge/aggregate/parts.h"
#include "edge/bytes/assert.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/byte_writer.h"
#include "edge/time/instant.h"
#include "edge/value/decimal.h"
#include "edge/value/exact_sum.h"

namespace tidemark {

class WindowState {
 public:
  WindowState() = default;
  /// Requires that only known components are named.
  explicit WindowState(ComponentSet kept) : kept_(static_cast<std::uint8_t>(kept.bits())) {
    TIDEMARK_ASSERT((kept.bits() & ~Parts::kKnown) == 0);
  }

  void add(EventTime time, const Decimal& value) {
    const bool first = count_ == 0;
    parts_.for_each(kept_, [&](auto& part) { part.add(time, value, first); });
    ++count_;
  }

  /// Requires equal component sets.
  void merge(const WindowState& other);

  [[nodiscard]] ComponentSet kept() const { return ComponentSet(kept_); }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

  /// Each requires that its component is kept; extremes and endpoints also that the state is not empty.
  [[nodiscard]] const ExactSum& sum() const { return part<Sum>().value(); }          // Σ value
  [[nodiscard]] const ExactSum& squares() const { return part<Squares>().value(); }  // Σ value²
  [[nodiscard]] Extremes extremes() const { return part<ExtremesPart>().value(); }
  [[nodiscard]] Endpoints endpoints() const { return part<EndpointsPart>().value(); }

  /// Builds a state from its parts, as a reader of events does. Parts that are not kept are ignored, and all of them if
  /// the count is zero.
  static WindowState from_parts(ComponentSet kept, std::uint64_t count, ExactSum sum, ExactSum squares,
                                const Extremes& extremes, const Endpoints& endpoints);

  /// Canonical bytes: equal states, equal bytes. `decode` marks the reader damaged on malformed or non-canonical bytes.
  void encode(ByteWriter& out) const;
  static WindowState decode(ByteReader& in);
  /// The same, of bytes that this process has encoded itself: that they are canonical is not looked at again.
  static WindowState unpack(ByteReader& in);
  /// The count of such bytes.
  static std::uint64_t count_of(std::string_view encoded);

  friend bool operator==(const WindowState& a, const WindowState& b);

 private:
  template <typename P>
  [[nodiscard]] const P& part() const {
    TIDEMARK_ASSERT(kept().has(P::kComponent));
    return parts_.get<P>();
  }

  [[nodiscard]] Frame frame() const;

  std::uint64_t count_ = 0;
  [[no_unique_address]] Parts parts_;
  static_assert(Parts::kSize <= 8);
  std::uint8_t kept_ = 0;  // the bits of a ComponentSet
};

}  // namespace tidemark
