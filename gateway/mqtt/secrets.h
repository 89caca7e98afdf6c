// The one-time secret with which our own client opens the gate.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "edge/bytes/result.h"

namespace tidemark {

enum class SecretError : std::uint8_t {
  no_random,  // the system gives no random numbers
};

/// 128 random bits as 32 hexadecimal digits.
Result<std::string, SecretError> one_time_secret();

/// Takes the same time wherever the first difference is.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace tidemark
