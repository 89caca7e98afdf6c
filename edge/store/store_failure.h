// From what SQLite says to what the store says: the code, and a sentence for the person who reads it.
#pragma once

#include <string_view>

#include "edge/bytes/result.h"
#include "edge/store/sqlite.h"
#include "edge/store/store.h"

namespace tidemark {

/// `doing` completes "while ...".
Failure<StoreError> store_failure(const Failure<sqlite::Error>& failure, std::string_view path, std::string_view doing);

}  // namespace tidemark
