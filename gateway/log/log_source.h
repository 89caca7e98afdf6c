// Where a log is read from: the state file of an appliance that is not running, or a running appliance over HTTP.
//
// Operation: `open_log`, then `read` again and again, each time from the position after the last row. Concurrency: one
// thread. Every call blocks; a network that falls silent is given up after half a minute.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/store/store.h"

namespace tidemark {

enum class LogError : std::uint8_t {
  place,      // not a place this version can read a log from
  in_use,     // the state file belongs to a running appliance
  no_answer,  // nobody listens there
  refused,    // somebody listens, and does not give the log out
  damaged,    // what came is not a log, or the file cannot be read
};

struct LogPlace {
  enum class Kind : std::uint8_t { file, tcp, unix_socket };
  Kind kind = Kind::file;
  std::string path;  // of the file or the socket
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
  std::string token;  // for Authorization: Bearer; empty: none
};

/// "file:PATH", "http://HOST:PORT" or "unix:PATH".
Result<LogPlace, LogError> parse_log_place(std::string_view text);

/// As parse_log_place reads it, for messages.
std::string to_string(const LogPlace& place);

class LogSource {
 public:
  virtual ~LogSource() = default;

  /// Rows from this position on, in order, of about `max_bytes` (at least one row if there is one). None: the end of
  /// the log, for now. Rows that the store found damaged are left out, so that positions have holes. Of what comes over
  /// HTTP, `epoch` and `sequence` beside the event are those of its own header, or 0 where it has none.
  virtual Result<std::vector<LogRow>, LogError> read(std::uint64_t from, std::uint64_t max_bytes) = 0;
};

Result<std::unique_ptr<LogSource>, LogError> open_log(const LogPlace& place);

}  // namespace tidemark
