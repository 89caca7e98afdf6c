// The log in the state file of an appliance that is not running.
#pragma once

#include <memory>
#include <string>

#include "gateway/log/log_source.h"

namespace tidemark {

class StoreLog final : public OwnLog {
 public:
  static Result<std::unique_ptr<LogSource>, LogError> open(const LogPlace& place);
  StoreLog(std::unique_ptr<Store> store, bool parked) : store_(std::move(store)), parked_(parked) {}
  ~StoreLog() override;

  Result<std::vector<LogRow>, LogError> read(std::uint64_t from, std::uint64_t max_bytes) override;
  [[nodiscard]] std::uint64_t last_position(std::uint32_t /*partition*/) const override {
    return store_->figures().log_last;
  }

 private:
  std::unique_ptr<Store> store_;
  const bool parked_;
  bool broken_ = false;
};

}  // namespace tidemark
