#include "gateway/doctor/metrics_text.h"

#include <charconv>
#include <cstdint>

namespace tidemark::doctor {
namespace {

/// `{name="value",…}`: takes it from the front of `line`; false where it is none.
bool take_labels(std::string_view& line, std::map<std::string, std::string>& labels) {
  if (line.empty() || line.front() != '{') return true;
  line.remove_prefix(1);
  while (!line.empty() && line.front() != '}') {
    const std::size_t equals = line.find("=\"");
    if (equals == std::string_view::npos) return false;
    std::string& value = labels[std::string(line.substr(0, equals))];
    line.remove_prefix(equals + 2);
    while (!line.empty() && line.front() != '"') {
      if (line.front() == '\\' && line.size() > 1) {
        line.remove_prefix(1);
        value.push_back(line.front() == 'n' ? '\n' : line.front());
      } else {
        value.push_back(line.front());
      }
      line.remove_prefix(1);
    }
    if (line.empty()) return false;
    line.remove_prefix(1);
    if (!line.empty() && line.front() == ',') line.remove_prefix(1);
  }
  if (line.empty()) return false;
  line.remove_prefix(1);
  return true;
}

std::optional<Sample> parse_line(std::string_view line) {
  Sample sample;
  const std::size_t end = line.find_first_of("{ ");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  sample.name = line.substr(0, end);
  line.remove_prefix(end);
  if (!take_labels(line, sample.labels)) return std::nullopt;
  if (line.empty() || line.front() != ' ') return std::nullopt;
  line.remove_prefix(1);
  const auto [behind, error] = std::from_chars(line.data(), line.data() + line.size(), sample.value);
  if (error != std::errc() || behind == line.data()) return std::nullopt;
  return sample;
}

}  // namespace

Metrics Metrics::parse(std::string_view text) {
  Metrics out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '#') continue;
    if (auto sample = parse_line(line)) out.samples_.push_back(*std::move(sample));
  }
  return out;
}

const Sample* Metrics::find(std::string_view name) const {
  for (const Sample& sample : samples_) {
    if (sample.name == name) return &sample;
  }
  return nullptr;
}

std::optional<double> Metrics::value(std::string_view name) const {
  std::optional<double> sum;
  for (const Sample& sample : samples_) {
    if (sample.name == name) sum = sum.value_or(0) + sample.value;
  }
  return sum;
}

std::uint64_t Metrics::count(std::string_view name) const {
  // The largest double below 2^64: beyond it the conversion is undefined.
  constexpr double kGreatest = 18446744073709549568.0;
  const double number = value(name).value_or(0);
  if (!(number > 0)) return 0;
  return number >= kGreatest ? UINT64_MAX : static_cast<std::uint64_t>(number);
}

}  // namespace tidemark::doctor
