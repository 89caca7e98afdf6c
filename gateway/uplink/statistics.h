// What librdkafka says of itself as JSON ("Statistics" in its STATISTICS.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tidemark {

/// `tx_bytes`: all bytes of requests that went to any broker since the client was made, as they were written to the
/// socket (compressed; before TLS). Nullopt: it does not stand there.
std::optional<std::uint64_t> sent_bytes(std::string_view statistics);

}  // namespace tidemark
