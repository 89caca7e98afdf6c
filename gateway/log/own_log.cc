#include "gateway/log/log_source.h"

namespace tidemark {

Result<LogPiece, LogError> OwnLog::read_partition(std::uint32_t, std::uint64_t from, std::uint64_t max_bytes) {
  auto rows = read(from, max_bytes);
  if (!rows) return tl::unexpected(rows.error());
  LogPiece piece;
  std::uint64_t next = from;
  for (const LogRow& row : *rows) {
    if (row.position > next) piece.lost.push_back({next, row.position - 1});
    next = row.position + 1;
  }
  piece.rows = std::move(*rows);
  return piece;
}

}  // namespace tidemark
