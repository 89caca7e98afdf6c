// Expected failures are values. Each module has a small enum of what can go wrong there; the context is a sentence for
// the person who reads it: what happened, what was kept, what to do.
#pragma once

#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tidemark {

template <typename Code>
struct Failure {
  Code code;
  std::string context;
};

template <typename T, typename Code>
using Result = tl::expected<T, Failure<Code>>;

template <typename Code>
tl::unexpected<Failure<Code>> fail(Code code, std::string context) {
  return tl::unexpected<Failure<Code>>(Failure<Code>{code, std::move(context)});
}

}  // namespace tidemark
