// One question to the admin address of an appliance: GET, with a limit on the whole of it.
#pragma once

#include <string>

#include "edge/bytes/result.h"
#include "edge/time/instant.h"
#include "gateway/http/exchange.h"
#include "gateway/log/log_source.h"

namespace tidemark::doctor {

enum class AdminSilence : std::uint8_t {
  nobody,  // nothing listens there
  hung,    // something listens, and does not answer in time
  broken,  // what answers is not HTTP
};

/// `place`: a socket or an address of this machine, with the token to show. Blocks, at most about `limit`.
Result<HttpAnswer, AdminSilence> ask_admin(const LogPlace& place, const std::string& path, Duration limit);

}  // namespace tidemark::doctor
