// What one group leaves behind: bytes for the journal, panes for the log, dead letters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "edge/event/event.h"
#include "edge/store/store.h"
#include "edge/window/pane.h"

namespace tidemark {

/// Of one group: a flood of bad payloads must not become a flood of writes.
inline constexpr std::size_t kMostDeadLetters = 64;

/// The pointers in `panes` point into it; they stand when it is moved, for deques keep their elements in place.
struct Group {
  std::string plan;            // empty: nothing was decided
  std::uint32_t readings = 0;  // decoded in it
  std::vector<SeriesPane> panes;
  std::vector<DeadLetter> dead_letters;
  std::uint64_t dead_letters_skipped = 0;  // beyond kMostDeadLetters
  bool every_shard = false;                // definitions changed: commit every shard with it

  std::deque<SeriesIdentity> identities;
  std::deque<Pane> pane_storage;
  std::uint32_t series = ~std::uint32_t{0};  // that identities.back() stands for; ids are never used again

  [[nodiscard]] bool empty() const { return plan.empty(); }
};

}  // namespace tidemark
