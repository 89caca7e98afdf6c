#include "gateway/log/kafka_arguments.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "gateway/secret/secret_file.h"

namespace tidemark {
namespace {

// Named by the place, or what the positions rest on.
constexpr std::array<std::string_view, 6> kOwned = {"bootstrap.servers",    "metadata.broker.list",
                                                    "enable.auto.commit",   "enable.auto.offset.store",
                                                    "enable.partition.eof", "auto.offset.reset"};

bool parse_number(std::string_view text, std::uint32_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number <= INT32_MAX;
}

}  // namespace

Result<KafkaProperties, LogError> kafka_properties(const KafkaProperties& named, std::string_view where) {
  auto properties = read_kafka_secrets(named, where);
  if (!properties) return fail(LogError::place, std::move(properties.error().context));
  return *std::move(properties);
}

Result<KafkaProperties, LogError> parse_kafka_properties(const std::vector<std::string>& texts) {
  KafkaProperties named;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    // The text is not shown: it may be a secret at the wrong place.
    if (equals == std::string::npos || equals == 0) {
      return fail(LogError::place,
                  "--kafka-property is not NAME=VALUE or NAME_file=PATH, such as security.protocol=SASL_SSL");
    }
    std::string name = text.substr(0, equals);
    if (is_kafka_secret(name)) {
      return fail(LogError::place, "--kafka-property " + name +
                                       " would show a secret to every user of this machine; put it into a file that "
                                       "only you may read, and write " +
                                       name + "_file=PATH");
    }
    if (std::ranges::find(kOwned, name) != kOwned.end()) {
      return fail(LogError::place, "--kafka-property " + name + " is set by Tidemark; leave it out");
    }
    named.emplace_back(std::move(name), text.substr(equals + 1));
  }
  return kafka_properties(named, "--kafka-property ");
}

Result<std::vector<std::pair<std::uint32_t, std::uint32_t>>, LogError> parse_partitions(std::string_view text) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string_view range = rest.substr(0, comma);
    const std::size_t dash = std::min(range.find('-'), range.size());
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    const bool good = parse_number(range.substr(0, dash), first) &&
                      parse_number(dash < range.size() ? range.substr(dash + 1) : range, last) && first <= last &&
                      comma + 1 != rest.size();
    if (!good) {
      return fail(LogError::place,
                  "--partitions " + std::string(text) + ": write numbers and ranges from low to high, such as 0-3,7");
    }
    ranges.emplace_back(first, last);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return ranges;
}

}  // namespace tidemark
