// What series are called apart from their source: tags, field, unit and kind. Thousands of devices of a kind share a
// few of these, so each is kept once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>

#include "edge/stream/stream_definition.h"

namespace tidemark {

struct SeriesLabel {
  std::string tags;  // packed names and values
  std::string field;
  std::string unit;
  FieldKind kind = FieldKind::gauge;
  friend bool operator==(const SeriesLabel&, const SeriesLabel&) = default;
};

class SeriesLabels {
 public:
  /// The label, kept until it was released as often as it was taken. Stays where it is.
  const SeriesLabel* take(std::string_view tags, std::string_view field, std::string_view unit, FieldKind kind);
  void release(const SeriesLabel* label);

  [[nodiscard]] std::size_t size() const { return kept_.size(); }

 private:
  struct Kept : SeriesLabel {
    mutable std::uint32_t users = 0;
  };
  struct Hash {
    std::size_t operator()(const Kept& label) const;
  };

  std::unordered_set<Kept, Hash> kept_;
};

}  // namespace tidemark
