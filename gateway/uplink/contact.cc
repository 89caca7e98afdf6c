#include "gateway/uplink/contact.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace tidemark {
namespace {

template <typename Number>
bool parse_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Contact::text() const {
  return fmt::format("{}\n{}\n{}\n{}\n", cluster, topic, partition, last_offset);
}

std::optional<Contact> Contact::parse(std::string_view text) {
  std::array<std::string_view, 4> lines;
  for (std::string_view& line : lines) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
  }
  Contact out;
  out.cluster = lines[0];
  out.topic = lines[1];
  if (!text.empty() || !parse_number(lines[2], out.partition) || !parse_number(lines[3], out.last_offset)) {
    return std::nullopt;
  }
  return out;
}

std::string objection(const Contact& known, const std::string& topic, const TopicFacts& found, std::int64_t end) {
  if (found.cluster != known.cluster) {
    return fmt::format("this is cluster {}, and events went to cluster {} before", found.cluster, known.cluster);
  }
  if (known.topic != topic) {
    return fmt::format("the configuration names topic {}, and events went to topic {} before", topic, known.topic);
  }
  if (found.partitions <= known.partition) {
    return fmt::format("topic {} has {} partitions, and events went to partition {} before: it was made anew", topic,
                       found.partitions, known.partition);
  }
  if (end <= known.last_offset) {
    return fmt::format(
        "partition {} of topic {} ends at offset {}, and had acknowledged offset {} before: the topic was made anew, "
        "or "
        "has lost records",
        known.partition, topic, end, known.last_offset);
  }
  return {};
}

}  // namespace tidemark
