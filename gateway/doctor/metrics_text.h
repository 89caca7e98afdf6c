// What a running appliance says on /metrics, read back: the text format of Prometheus, version 0.0.4, as far as
// Tidemark writes it. Lines that cannot be read are passed over: a later version may say more.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::doctor {

struct Sample {
  std::string name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

class Metrics {
 public:
  static Metrics parse(std::string_view text);

  /// The sum over all labels; nullopt: there is no such metric.
  [[nodiscard]] std::optional<double> value(std::string_view name) const;
  /// The same, as a count; 0 where there is none.
  [[nodiscard]] std::uint64_t count(std::string_view name) const;
  /// The first sample of this name; null: there is none.
  [[nodiscard]] const Sample* find(std::string_view name) const;

 private:
  std::vector<Sample> samples_;
};

}  // namespace tidemark::doctor
