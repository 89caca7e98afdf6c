// What the admin server answers: /healthz, /metrics, /log, /parked and the status page.
#pragma once

#include <functional>
#include <string>

#include "gateway/admin/server.h"
#include "gateway/mqtt/session.h"
#include "gateway/pipeline/metrics.h"
#include "gateway/pipeline/pipeline.h"

namespace tidemark {

class Routes {
 public:
  /// All outlive the routes. `began`: when the process began.
  Routes(Pipeline& pipeline, const Session& session, std::string gateway, MetricBounds bounds, MonotonicTime began);

  void answer(const AdminRequest& request, std::function<void(AdminResponse)> reply);

  /// Why the appliance is not well; empty: it is.
  [[nodiscard]] std::string trouble() const;

 private:
  using ReadRows = Result<std::vector<LogRow>, StoreError> (Store::*)(std::uint64_t from, std::uint64_t max_bytes);
  void log(const AdminRequest& request, ReadRows read, const std::function<void(AdminResponse)>& reply);
  void accept_uplink(std::function<void(AdminResponse)> reply);
  [[nodiscard]] std::string status_page(const SessionStatus& session) const;

  Pipeline& pipeline_;
  const Session& session_;
  const std::string gateway_;
  const MetricBounds bounds_;
  const MonotonicTime began_;
};

}  // namespace tidemark
