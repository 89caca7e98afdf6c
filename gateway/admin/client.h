// One request to the admin interface of a running appliance that changes something: POST, and its answer.
//
// Blocks until the answer is there, at most about ten seconds for each step.
#pragma once

#include <string>

#include "gateway/admin/server.h"

namespace tidemark {

struct AdminAnswer {
  unsigned status = 0;
  std::string body;
};

/// AdminError::listen: nobody answers at its address.
Result<AdminAnswer, AdminError> post_to_appliance(const AdminSettings& appliance, const std::string& path);

}  // namespace tidemark
