// Where sources stand, in the views file: tables `source` and `ledger`.
#pragma once

#include <string>

#include "edge/event/event.h"
#include "gateway/replay/database.h"

namespace tidemark {

class StandingTable {
 public:
  explicit StandingTable(Database& database);

  /// Writes what a report of a gateway says over what the last one said.
  Viewed<void> put(const std::string& gateway, const SourceReport& report);

 private:
  Viewed<void> put_ledger(const std::string& gateway, const SourceStanding& standing);
  Viewed<void> put_source(const std::string& gateway, const SourceStanding& standing);

  Query put_source_, put_ledger_, clear_ledger_;
};

}  // namespace tidemark
