#include "gateway/config/kafka_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "gateway/config/endpoint.h"
#include "gateway/config/section.h"
#include "gateway/secret/kafka_properties.h"

namespace tidemark {
namespace {

// What Tidemark's promises rest on, or what has a key of its own.
struct Owned {
  std::string_view property;
  std::string_view right;
};
constexpr std::array<Owned, 10> kOwned = {{
    {"bootstrap.servers", "write kafka.brokers"},
    {"metadata.broker.list", "write kafka.brokers"},
    {"linger.ms", "write kafka.linger"},
    {"queue.buffering.max.ms", "write kafka.linger"},
    {"enable.idempotence", "leave it out: it is always true"},
    {"acks", "leave it out: it is always all"},
    {"request.required.acks", "leave it out: it is always all"},
    {"retries", "leave it out: sending is retried without end"},
    {"message.send.max.retries", "leave it out: sending is retried without end"},
    {"transactional.id", "leave it out: readers skip what they have by (gateway, epoch, sequence)"},
}};

// A Kafka topic's name: 1 to 249 of letters, digits, '.', '_', '-'; not "." or "..".
bool is_topic(std::string_view name) {
  return !name.empty() && name.size() <= 249 && name != "." && name != ".." && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

void add_property(const std::string& name, const toml::node& node, KafkaConfiguration& out, ProblemList& problems) {
  const Position position = position_of(node);
  if (is_kafka_secret(name)) {
    problems.add(position,
                 {fmt::format("kafka.properties.{} would put a secret into the configuration", name),
                  fmt::format("put it into a file that only the service may read, and its path into {}_file", name)});
    return;
  }
  const auto* const owned = std::ranges::find(kOwned, std::string_view(name), &Owned::property);
  if (owned != kOwned.end()) {
    problems.add(position, {fmt::format("kafka.properties.{} is set by Tidemark", name), std::string(owned->right)});
    return;
  }
  if (const auto* const string = node.as_string()) {
    out.properties.emplace_back(name, string->get());
  } else if (const auto* const integer = node.as_integer()) {
    out.properties.emplace_back(name, fmt::format("{}", integer->get()));
  } else if (const auto* const boolean = node.as_boolean()) {
    out.properties.emplace_back(name, boolean->get() ? "true" : "false");
  } else {
    problems.add(position, {fmt::format("kafka.properties.{} is neither text, whole number nor boolean", name),
                            "write a librdkafka property such as security.protocol = \"SASL_SSL\""});
  }
}

// In TOML `security.protocol = "x"` is a table in a table; to librdkafka it is one name. Both spellings are the same
// here.
void add_properties(const toml::table& table, const std::string& prefix, KafkaConfiguration& out,
                    ProblemList& problems) {
  for (const auto& [key, node] : table) {
    const std::string name = prefix.empty() ? std::string(key.str()) : fmt::format("{}.{}", prefix, key.str());
    if (const auto* const inner = node.as_table()) {
      add_properties(*inner, name, out, problems);
    } else {
      add_property(name, node, out, problems);
    }
  }
}

}  // namespace

KafkaConfiguration load_kafka(const toml::table& table, ProblemList& problems) {
  KafkaConfiguration out;
  Section section(&table, "kafka", position_of(table), problems);
  std::string brokers;
  if (section.text("brokers", brokers)) {
    if (auto parsed = parse_kafka_brokers(brokers)) {
      out.brokers = *parsed;
    } else {
      section.wrong("brokers", fmt::format("is wrong: {}", parsed.error().wrong), parsed.error().right);
    }
  } else if (!section.has("brokers")) {
    section.missing("brokers", "write brokers = \"HOST:9092\"");
  }
  if (section.text("topic", out.topic)) {
    if (!is_topic(out.topic)) {
      section.wrong("topic", fmt::format("{} is not a Kafka topic", in_quotes(out.topic)),
                    "write 1 to 249 letters, digits, '.', '_' or '-'");
    }
  } else if (!section.has("topic")) {
    section.missing("topic", "write topic = \"telemetry\"");
  }
  section.duration("linger", {Duration{}, seconds(60)}, out.linger);
  std::int64_t partitions = 0;
  section.integer("create_partitions", 0, 10'000, partitions);
  out.create_partitions = static_cast<std::int32_t>(partitions);
  if (const toml::table* const properties = section.table("properties")) {
    add_properties(*properties, "", out, problems);
    std::ranges::sort(out.properties);
  }
  section.finish();
  return out;
}

}  // namespace tidemark
