#include "edge/aggregate/window_state.h"

#include <type_traits>
#include <utility>

// The bytes: docs/formats/window-state.md. Each component writes its own part; the frame is what they share.

namespace tidemark {

void WindowState::merge(const WindowState& other) {
  TIDEMARK_ASSERT(kept_ == other.kept_);
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  parts_.for_each(kept_, [&](auto& part) { part.merge(other.parts_.get<std::remove_reference_t<decltype(part)>>()); });
  count_ += other.count_;
}

WindowState WindowState::from_parts(ComponentSet kept, std::uint64_t count, ExactSum sum, ExactSum squares,
                                    const Extremes& extremes, const Endpoints& endpoints) {
  WindowState state(kept);
  state.count_ = count;
  if (count == 0) return state;
  if (kept.has(Component::sum)) state.parts_.get<Sum>() = Sum(std::move(sum));
  if (kept.has(Component::squares)) state.parts_.get<Squares>() = Squares(std::move(squares));
  if (kept.has(Component::extremes)) state.parts_.get<ExtremesPart>() = ExtremesPart(extremes);
  if (kept.has(Component::endpoints)) state.parts_.get<EndpointsPart>() = EndpointsPart(endpoints);
  return state;
}

Frame WindowState::frame() const {
  Frame frame;
  frame.count = count_;
  parts_.for_each(kept_, [&](const auto& part) { part.frame(frame); });
  if (frame.exponent == Frame::kNoExponent) frame.exponent = 0;
  return frame;
}

void WindowState::encode(ByteWriter& out) const {
  out.varint(kept_);
  out.varint(count_);
  if (empty()) return;
  Frame shared = frame();
  out.svarint(shared.exponent);
  parts_.for_each(kept_, [&](const auto& part) { part.encode(out, shared); });
}

WindowState WindowState::unpack(ByteReader& in) {
  const std::uint64_t bits = in.varint();
  if ((bits & ~std::uint64_t{Parts::kKnown}) != 0) in.mark_damaged();
  if (!in.ok()) return {};
  WindowState state(ComponentSet(static_cast<std::uint32_t>(bits)));
  state.count_ = in.varint();
  if (state.count_ != 0) {
    Frame shared;
    shared.count = state.count_;
    const std::int64_t exponent = in.svarint();
    if (exponent < kLeastExponent || exponent > ExactSum::kGreatestSumExponent) in.mark_damaged();
    if (!in.ok()) return {};
    shared.exponent = static_cast<std::int32_t>(exponent);
    state.parts_.for_each(state.kept_, [&](auto& part) {
      if (in.ok()) part.decode(in, shared);
    });
  }
  return in.ok() ? state : WindowState{};
}

std::uint64_t WindowState::count_of(std::string_view encoded) {
  ByteReader in(encoded);
  in.varint();  // what it keeps
  return in.varint();
}

WindowState WindowState::decode(ByteReader& in) {
  ByteReader from = in;
  WindowState state = unpack(in);
  if (!in.ok()) return {};
  // One state has one form: whatever was read must be what it would be written as.
  ByteWriter again;
  state.encode(again);
  if (from.raw(from.remaining() - in.remaining()) != again.view()) {
    in.mark_damaged();
    return {};
  }
  return state;
}

bool operator==(const WindowState& a, const WindowState& b) {
  bool equal = a.kept_ == b.kept_ && a.count_ == b.count_;
  a.parts_.for_each(
      a.kept_, [&](const auto& part) { equal = equal && part == b.parts_.get<std::remove_cvref_t<decltype(part)>>(); });
  return equal;
}

}  // namespace tidemark
