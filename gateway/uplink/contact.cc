#include "gateway/uplink/contact.h"

#include <fmt/format.h>

#include <charconv>
#include <vector>

namespace tidemark {
namespace {

template <typename Number>
bool parse_number(std::string_view text, Number& out, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, base);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

std::string Contact::text() const {
  return fmt::format("{}\n{}\n{}\n{}\n{:x}\n{}\n", cluster, topic, partition, last_offset, last_epoch, last_sequence);
}

std::optional<Contact> Contact::parse(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return std::nullopt;
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  if (lines.size() != 4 && lines.size() != 6) return std::nullopt;
  Contact out;
  out.cluster = lines[0];
  out.topic = lines[1];
  if (!parse_number(lines[2], out.partition) || !parse_number(lines[3], out.last_offset)) return std::nullopt;
  const bool witness = lines.size() == 6;
  if (witness && (!parse_number(lines[4], out.last_epoch, 16) || !parse_number(lines[5], out.last_sequence))) {
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
