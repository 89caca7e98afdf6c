// The properties of librdkafka as users give them, in [kafka.properties] or on a command line: what is a secret, where
// it is read from, and what a login may run into. docs/CONFIGURATION.md describes them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/bytes/result.h"
#include "gateway/secret/secret_file.h"

namespace tidemark {

using KafkaProperties = std::vector<std::pair<std::string, std::string>>;

/// Its value is a secret: only `NAME_file` is taken.
bool is_kafka_secret(std::string_view name);

/// With `NAME_file` replaced by NAME and the first line of that file, which is read now. `where` stands before the name
/// of a file that cannot be read: "kafka.properties.". The error never holds a secret.
Result<KafkaProperties, SecretFileError> read_kafka_secrets(const KafkaProperties& named, std::string_view where);

/// The files that a connection rests on: those of secrets, certificates and keys.
std::vector<std::string> kafka_files(const KafkaProperties& named);

/// What to say of a login by SCRAM that this librdkafka may not be able to make; empty: nothing. `version`: as
/// rd_kafka_version() has it, 0xMMmmrrxx, and in words.
std::string scram_trouble(const KafkaProperties& properties, int version, std::string_view version_in_words);

}  // namespace tidemark
