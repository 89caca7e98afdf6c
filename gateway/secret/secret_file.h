// Files that a configuration or a command line names, secrets above all: read, or their key, their path and the remedy
// said in one sentence. The content is never in a message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/bytes/result.h"

namespace tidemark {

enum class SecretFileError : std::uint8_t {
  unreadable,  // no such file, no permission, a folder
  too_long,
  empty,
};

/// What is wrong with a file: `key` = "path": `why`; `remedy`.
std::string unusable_file(std::string_view key, std::string_view path, std::string_view why, std::string_view remedy);

/// A password: the file's content without one trailing line end. At most 65,535 bytes, which is what a CONNECT of MQTT
/// can carry. `key`: the name of the setting, "mqtt.password_file".
Result<std::string, SecretFileError> read_password(std::string_view key, const std::string& path);

/// A token: the file's first line, which must not be empty.
Result<std::string, SecretFileError> read_token(std::string_view key, const std::string& path);

}  // namespace tidemark
