// Where a log is read from: the state file of an appliance that is not running, a running appliance over HTTP, or the
// central log in Kafka.
//
// Operation: `open_log`, then `read_partition` again and again, each time from the position after the last row of that
// partition. An appliance's own log is one partition, 0. Concurrency: one thread. Every call blocks; a network that
// falls silent is given up after half a minute.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/bytes/result.h"
#include "edge/event/event.h"
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
  enum class Kind : std::uint8_t { file, tcp, unix_socket, kafka };
  Kind kind = Kind::file;
  std::string path;  // of the file or the socket
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t port = 0;
  bool parked = false;  // of an appliance: not its log, but the events that Kafka did not take
  std::string token;    // for Authorization: Bearer; empty: none
  std::string brokers;  // of Kafka: "host:port,host:port"
  std::string topic;
  std::vector<std::pair<std::string, std::string>> properties;      // of librdkafka, secrets among them
  std::vector<std::pair<std::uint32_t, std::uint32_t>> partitions;  // first to last, both read; empty: all
};

/// "file:PATH", "http://HOST:PORT", "unix:PATH" or "kafka:BROKERS/TOPIC".
Result<LogPlace, LogError> parse_log_place(std::string_view text);

/// As parse_log_place reads it, for messages.
std::string to_string(const LogPlace& place);

/// Positions where events were and are no more: by retention, or by damage.
struct LostRows {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // of the range, lost too
};

struct LogPiece {
  std::vector<LogRow> rows;
  /// Of a source that has to decode what it reads to know it for events: one for each row, nullopt where only a newer
  /// version can decode it. Of any other source: none.
  std::vector<std::optional<Event>> events;
  std::vector<LostRows> lost;  // before, between and after the rows, in order
};

/// What a reader of a shared topic passed over because it is no event: somebody else's, or damaged.
struct ForeignRecords {
  std::uint64_t count = 0;
  std::string first;  // where, and why it is none
};

class LogSource {
 public:
  virtual ~LogSource() = default;

  /// The log's partitions, ascending, of those that were asked for. Asks Kafka each time: partitions may be added.
  virtual Result<std::vector<std::uint32_t>, LogError> partitions() = 0;

  /// Rows from this position on, in order, of about `max_bytes` (at least one row if there is one). No row: the end of
  /// the partition, for now. Of what does not come from a state file, `epoch` and `sequence` beside the event are those
  /// of its own header, or 0 where it has none.
  virtual Result<LogPiece, LogError> read_partition(std::uint32_t partition, std::uint64_t from,
                                                    std::uint64_t max_bytes) = 0;

  /// The last position of a partition that is read, as far as that is known without asking anybody; 0: it is not.
  [[nodiscard]] virtual std::uint64_t last_position(std::uint32_t /*partition*/) const { return 0; }

  [[nodiscard]] virtual ForeignRecords foreign() const { return {}; }
};

/// A log that one appliance writes alone: one partition, whose positions have no holes but what was lost.
class OwnLog : public LogSource {
 public:
  Result<std::vector<std::uint32_t>, LogError> partitions() override { return std::vector<std::uint32_t>{0}; }
  Result<LogPiece, LogError> read_partition(std::uint32_t partition, std::uint64_t from,
                                            std::uint64_t max_bytes) override;

  /// As read_partition. Rows that the store found damaged are left out.
  virtual Result<std::vector<LogRow>, LogError> read(std::uint64_t from, std::uint64_t max_bytes) = 0;
};

Result<std::unique_ptr<LogSource>, LogError> open_log(const LogPlace& place);

}  // namespace tidemark
