// The appliance's configuration of the streams that the devices publish.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "firmware-sim/catalogue.h"

namespace firmware_sim {

/// One [[stream]] block of TOML for each model. `plant`: the first level of the topics, a name or a variable in braces.
std::string stream_config(std::span<const CatalogueEntry* const> models, std::string_view plant,
                          std::string_view window);

}  // namespace firmware_sim
