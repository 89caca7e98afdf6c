// The log of a running appliance, from its admin server: GET /log?from=POSITION, or /parked?from=POSITION. The body is
// a sequence of rows: u64 position, u32 size, both little-endian, then the event.
#pragma once

#include <memory>
#include <string>

#include "gateway/http/exchange.h"
#include "gateway/log/log_source.h"

namespace tidemark {

/// Where the appliance's HTTP is, of a place that is one: tcp or unix_socket.
HttpPlace http_place(const LogPlace& place);

class HttpLog final : public OwnLog {
 public:
  explicit HttpLog(LogPlace place);
  ~HttpLog() override;

  Result<std::vector<LogRow>, LogError> read(std::uint64_t from, std::uint64_t max_bytes) override;

 private:
  class Answer;  // one request's answer, as far as it has been read

  LogPlace place_;
  std::unique_ptr<Answer> answer_;
  std::uint64_t next_ = 0;  // the position that the answer goes on with
};

}  // namespace tidemark
