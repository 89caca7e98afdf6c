// One record of a SenML pack (RFC 8428) as its representation wrote it: nothing resolved, base fields as they stand.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "edge/decode/json_walk.h"

namespace tidemark {

/// In the order of the CBOR labels (RFC 8428 section 6), of which `bs` has the least, -6.
enum class SenmlLabel : std::uint8_t { bs, bv, bu, bt, bn, bver, n, u, v, vs, vb, s, t, ut, vd };

inline constexpr std::array<std::string_view, 15> kSenmlLabels = {"bs", "bv", "bu", "bt", "bn", "bver", "n", "u",
                                                                  "v",  "vs", "vb", "s",  "t",  "ut",   "vd"};
inline constexpr std::int64_t kLeastCborLabel = -6;

/// A field that is not there is `absent`. Numbers have their text, whatever the representation: a JSON number (RFC 8259
/// section 6). A byte string is `no_text`.
struct SenmlRecord {
  std::array<JsonValue, kSenmlLabels.size()> values;

  [[nodiscard]] const JsonValue& operator[](SenmlLabel label) const { return values[static_cast<std::size_t>(label)]; }
  [[nodiscard]] bool has(SenmlLabel label) const { return (*this)[label].kind != JsonValue::Kind::absent; }
};

}  // namespace tidemark
