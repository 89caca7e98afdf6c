// Which log a command reads: --log SPEC, or what --config says.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "gateway/commands/command.h"
#include "gateway/config/configuration.h"
#include "gateway/log/log_source.h"

namespace tidemark {

/// The admin address of the appliance with this configuration, as this machine reaches it, with the token to show where
/// its file can be read.
LogPlace admin_place(const AdminConfiguration& admin);

struct OpenedLog {
  std::unique_ptr<LogSource> source;
  LogPlace place;
  std::vector<std::uint32_t> partitions;
  std::optional<Configuration> configuration;  // with --config
};

/// With --config alone: the running appliance where one listens on its admin.listen, else its state file. Without a
/// log: why has been said, and `exit` is the status to end with. `only_running`: never the file.
std::optional<OpenedLog> open_log_argument(const LogCommand& command, bool only_running, int& exit);

/// Says once that records of a topic were passed over, and at its own end how many.
class ForeignWarning {
 public:
  explicit ForeignWarning(const LogSource& source) : source_(source) {}
  ~ForeignWarning();
  ForeignWarning(const ForeignWarning&) = delete;
  ForeignWarning& operator=(const ForeignWarning&) = delete;

  /// As often as one likes.
  void look();

 private:
  const LogSource& source_;
  bool said_ = false;
};

}  // namespace tidemark
