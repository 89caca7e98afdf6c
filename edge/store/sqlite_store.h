// The store over SQLite, with its rules open to tests. Everything else uses Store::open.
#pragma once

#include <memory>

#include "edge/store/discipline.h"
#include "edge/store/store.h"

namespace tidemark {

Result<std::unique_ptr<Store>, StoreError> open_sqlite_store(const StoreOptions& options,
                                                             const Discipline& discipline = {});

}  // namespace tidemark
