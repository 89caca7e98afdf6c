// One request to the admin interface of a running appliance that changes something: POST, and its answer.
//
// Blocks until the answer is there, at most about ten seconds for each step.
#pragma once

#include <string>

#include "gateway/admin/server.h"
#include "gateway/http/exchange.h"

namespace tidemark {

/// AdminError::listen: nobody answers at its address.
Result<HttpAnswer, AdminError> post_to_appliance(const AdminSettings& appliance, const std::string& path);

}  // namespace tidemark
