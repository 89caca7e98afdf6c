// From a path to a connection that is ready for the first commit: whose file it is, the settings SQLite needs to lose
// nothing, the schema, and the WAL of the process before moved into the file.
#pragma once

#include <memory>

#include "edge/store/discipline.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

Result<std::unique_ptr<sqlite::Connection>, StoreError> open_state_file(const StoreOptions& options,
                                                                        const Discipline& discipline);

}  // namespace tidemark
