// The file of the views: opened, or made with its tables, and known for one by its application id and version.
#pragma once

#include <memory>
#include <string>

#include "gateway/replay/database.h"

namespace tidemark {

/// For folding into. `not_ours`: another file, or one of another version.
Viewed<std::unique_ptr<Database>> open_views_file(const std::string& path);

/// What is in the file does not fit together.
tl::unexpected<Failure<ViewsError>> unreadable_views();

}  // namespace tidemark
