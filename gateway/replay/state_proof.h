// Whether the state of an appliance that does not run is what its log folds to.
#pragma once

#include <string>

#include "edge/store/store.h"
#include "gateway/replay/proof.h"

namespace tidemark {

/// Recovers the state and holds it against the fold: every open window that is not changed since its last whole pane,
/// the readings each source has emitted, and its ledger. What is wrong goes into the proof's problems. Returns how many
/// open windows were compared. Requires that the proof has taken the whole log, and that the store was not recovered
/// yet.
Result<std::uint64_t, StoreError> prove_state(Store& store, const std::string& gateway, Proof& proof);

}  // namespace tidemark
