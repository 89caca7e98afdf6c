// Whose a state file is: it continues one gateway's epochs, and under another name its log could not be proved.
#pragma once

#include <string>
#include <string_view>

namespace tidemark {

/// The setting of the store that holds the gateway's id since the file's first commit.
inline constexpr std::string_view kGatewayIdSetting = "gateway.id";

/// What to say, and to do, when a configuration names the file of another gateway.
inline std::string other_gateways_file(const std::string& path, const std::string& owner, const std::string& wanted) {
  return path + ": the state and log of gateway \"" + owner + "\", and gateway.id is \"" + wanted +
         "\". It was not touched. Name another file as gateway.state, or write gateway.id = \"" + owner + "\"";
}

}  // namespace tidemark
