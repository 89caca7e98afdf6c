// The canonical export of the views: sorted, exact decimals, equal byte for byte where the folds are equal.
#pragma once

#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "edge/time/instant.h"
#include "gateway/replay/database.h"

namespace tidemark {

enum class ExportFormat : std::uint8_t { csv, jsonl };

struct Exported {
  std::uint64_t windows = 0;
  std::vector<Duration> sizes;  // that the views hold windows of, ascending; filled where none were written
};

/// `size`: windows of this size, base or roll-up; nullopt: the base windows of every stream. CSV as RFC 4180 has it,
/// but with "\n": a header, then the rows. JSON lines: one object a row, decimals as numbers of any length, null for
/// what does not apply. On a failure a part may have been written.
Viewed<Exported> export_views(const std::string& path, std::optional<Duration> size, ExportFormat format,
                              std::FILE* out);

}  // namespace tidemark
