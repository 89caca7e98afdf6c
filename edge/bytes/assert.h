// Asserts state what has been proved and stay on in release. Never on input, disk or network.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace tidemark::detail {
[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "tidemark: %s:%d: assertion failed: %s\n", file, line, condition);
  std::abort();
}
}  // namespace tidemark::detail

#define TIDEMARK_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::tidemark::detail::assertion_failed(#condition, __FILE__, __LINE__))
