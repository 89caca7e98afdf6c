// Secrets: passwords from files, and the one-time secret with which our own client opens the gate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/bytes/result.h"

namespace tidemark {

enum class SecretError : std::uint8_t {
  unreadable,  // no such file, no permission, or longer than MQTT can carry
  no_random,   // the system gives no random numbers
};

/// The file's content without one trailing line end. At most 65,535 bytes, which is what a CONNECT can carry. The error
/// names the file, never its content.
Result<std::string, SecretError> read_secret(const std::string& path);

/// 128 random bits as 32 hexadecimal digits.
Result<std::string, SecretError> one_time_secret();

/// Takes the same time wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace tidemark
