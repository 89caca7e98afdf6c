#include "gateway/uplink/tail_judgement.h"

#include <fmt/format.h>

#include "edge/event/event.h"

namespace tidemark {

void TailJudgement::see(std::int64_t offset, std::string_view key, std::string_view value) {
  const bool witness = offset == known_.last_offset;
  if (offset < known_.last_offset) return;
  const auto header = decode_header(value);
  const bool ours = key == gateway_ && header && header->gateway == gateway_;
  if (witness) {
    other_log_ = !ours || header->epoch != known_.last_epoch || header->sequence != known_.last_sequence;
    return;
  }
  if (!ours) return;
  if (lineage_.has(header->epoch, header->sequence)) {
    ++repeated_;
  } else if (++forked_ == 1) {
    first_fork_ = fmt::format("epoch {:016x}, sequence {}, at offset {}", header->epoch, header->sequence, offset);
  }
}

}  // namespace tidemark
