// How much a property test tries: less where a sanitizer makes every step several times slower, more where the
// environment asks for it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace tidemark::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t kSanitizerShare = 5;
#else
inline constexpr std::uint64_t kSanitizerShare = 1;
#endif

/// `usual`, or a fifth of it under a sanitizer, or what the environment variable says.
inline std::uint64_t effort(const char* variable, std::uint64_t usual) {
  const char* given = std::getenv(variable);
  return given != nullptr ? std::stoull(given) : usual / kSanitizerShare;
}

}  // namespace tidemark::test
