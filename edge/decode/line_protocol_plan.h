// What a stream wants from lines of line protocol, compiled once. Paths are those of a payload that was one object: the
// fields of a line stand below its measurement, `climate.temperature`, and that is also what a field is called that is
// not configured. A source or tag is `measurement`, or `tag.NAME`: the line's own tag of that name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/decode/decoder.h"
#include "edge/decode/identity.h"
#include "edge/stream/stream_definition.h"

namespace tidemark {

class LineProtocolPlan {
 public:
  /// Of a source or tag that comes from the line.
  struct Label {
    std::optional<std::string> tag;  // empty: the measurement
  };
  struct Measurement {
    std::string name;
    std::vector<std::pair<std::string, std::uint32_t>> fields;  // key, place among the distinct paths
  };

  /// On failure the context names the key and says what would be right.
  static Result<LineProtocolPlan, DecoderError> create(const StreamDefinition& definition, const Identity& identity);

  /// Empty for labels that come from the topic.
  [[nodiscard]] const std::optional<Label>& source() const { return source_; }
  [[nodiscard]] const std::vector<std::optional<Label>>& tags() const { return tags_; }

  /// In the order of StreamDefinition::fields: places among the distinct paths. None: every number and boolean of a
  /// line is a reading.
  [[nodiscard]] const std::vector<std::uint32_t>& fields() const { return fields_; }
  [[nodiscard]] std::uint32_t distinct_paths() const { return distinct_paths_; }

  /// nullptr: no configured field is of it.
  [[nodiscard]] const Measurement* measurement(std::string_view name) const;

 private:
  std::uint32_t place_of(std::string_view measurement, std::string_view field);

  std::optional<Label> source_;
  std::vector<std::optional<Label>> tags_;
  std::vector<std::uint32_t> fields_;
  std::vector<Measurement> measurements_;
  std::uint32_t distinct_paths_ = 0;
};

/// Where in `wanted.fields` a key stands, or nullopt. `next`: where to look first, and where to look the next time;
/// devices write their fields in one order.
std::optional<std::uint32_t> find_field(const LineProtocolPlan::Measurement& wanted, std::string_view key,
                                        std::size_t& next);

}  // namespace tidemark
