// Files whose content may be renewed while a connection that was made with it goes on: certificates, keys, passwords.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "edge/time/instant.h"

namespace tidemark {

class RenewedFiles {
 public:
  /// Whoever renews a certificate and its key writes one after the other: only what is still for so long is whole.
  static constexpr Duration kStill = seconds(2);
  /// Between two looks at the files.
  static constexpr Duration kInterval = seconds(1);

  /// As the files are now is what is in use.
  explicit RenewedFiles(std::vector<std::string> paths);

  /// Whether they are other files than those in use, and have not changed for kStill. True once for each change.
  bool renewed(MonotonicTime now);

 private:
  /// What tells a file from another under its name. All 0: it is not there.
  struct Stamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  [[nodiscard]] std::vector<Stamp> stamps() const;

  std::vector<std::string> paths_;
  std::vector<Stamp> used_;
  std::vector<Stamp> seen_;
  MonotonicTime seen_since_{};
  MonotonicTime next_look_{};
};

}  // namespace tidemark
