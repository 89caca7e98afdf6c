// What a command line and a configuration say about the reading of Kafka.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/log/log_source.h"
#include "gateway/secret/kafka_properties.h"

namespace tidemark {

/// With `NAME_file` replaced by NAME and the first line of that file. `where` stands before the name of a file that
/// cannot be read: "kafka.properties.".
Result<KafkaProperties, LogError> kafka_properties(const KafkaProperties& named, std::string_view where);

/// Each "NAME=VALUE" or "NAME_file=PATH". A secret by its value is refused: every user of the machine sees it.
Result<KafkaProperties, LogError> parse_kafka_properties(const std::vector<std::string>& texts);

/// "0-3,7": ranges of partitions, first to last. Empty: all.
Result<std::vector<std::pair<std::uint32_t, std::uint32_t>>, LogError> parse_partitions(std::string_view text);

}  // namespace tidemark
