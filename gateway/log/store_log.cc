#include "gateway/log/store_log.h"

namespace tidemark {
namespace {

tl::unexpected<Failure<LogError>> told(const Failure<StoreError>& failure, const std::string& path) {
  if (failure.code == StoreError::in_use) {
    return fail(LogError::in_use,
                path +
                    ": an appliance is running on this file; ask it instead: --log http://HOST:PORT or "
                    "unix:PATH, as its admin.listen says");
  }
  return fail(LogError::damaged, failure.context);
}

}  // namespace

Result<std::unique_ptr<LogSource>, LogError> StoreLog::open(const LogPlace& place) {
  StoreOptions options;
  options.path = place.path;
  options.create = false;
  auto store = Store::open(options);
  if (!store) return told(store.error(), place.path);
  return std::unique_ptr<LogSource>(std::make_unique<StoreLog>(std::move(*store), place.parked));
}

StoreLog::~StoreLog() {
  // A clean close leaves one file; after damage the file is left as it is.
  if (!broken_) static_cast<void>(store_->close());
}

Result<std::vector<LogRow>, LogError> StoreLog::read(std::uint64_t from, std::uint64_t max_bytes) {
  auto rows = parked_ ? store_->read_parked(from, max_bytes) : store_->read_log(from, max_bytes);
  if (rows) return std::move(*rows);
  broken_ = rows.error().code == StoreError::broken;
  return fail(LogError::damaged, rows.error().context);
}

}  // namespace tidemark
