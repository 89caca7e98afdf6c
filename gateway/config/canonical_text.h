// The whole configuration, defaults included, as one text: what the hash in heartbeats is taken of.
#pragma once

#include <string>

#include "gateway/config/configuration.h"

namespace tidemark {

/// TOML that load_configuration reads back as the same configuration. Every value is written, in a fixed order and in
/// one form, so equal configurations have equal texts, whatever comments, order and units their files have. Holds paths
/// of secrets, never secrets.
std::string canonical_text(const Configuration& configuration);

/// XXH3, 128 bits, of canonical_text: 32 hexadecimal digits. Tells configurations apart; it is no protection against
/// anyone who would forge one.
std::string configuration_hash(const Configuration& configuration);

}  // namespace tidemark
