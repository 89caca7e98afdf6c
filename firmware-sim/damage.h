// How payloads go bad: one kind is drawn for each malformed message. Every kind is unambiguous: it is certain for each
// reading whether a receiver that takes what is right and rejects what is wrong has to count it.
#pragma once

#include <string>
#include <vector>

#include "firmware-sim/message.h"
#include "firmware-sim/payload.h"
#include "firmware-sim/random.h"

namespace firmware_sim {

/// A damaged payload for these parts. `readings` are those of the message, in order of samples and then fields; the
/// fate of each that cannot be read any more becomes `malformed`. At least one does.
std::string damaged_payload(const PayloadParts& parts, std::vector<Reading>& readings, Pcg32& random);

}  // namespace firmware_sim
