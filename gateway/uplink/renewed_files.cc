#include "gateway/uplink/renewed_files.h"

#include <sys/stat.h>

#include <utility>

namespace tidemark {

RenewedFiles::RenewedFiles(std::vector<std::string> paths) : paths_(std::move(paths)), used_(stamps()), seen_(used_) {}

std::vector<RenewedFiles::Stamp> RenewedFiles::stamps() const {
  std::vector<Stamp> out;
  for (const std::string& path : paths_) {
    // Through links: what renews certificates often only points a link elsewhere.
    struct stat about {};
    if (stat(path.c_str(), &about) != 0) {
      out.emplace_back();
      continue;
    }
    out.push_back({about.st_dev, about.st_ino, static_cast<std::uint64_t>(about.st_size),
                   std::int64_t{about.st_ctim.tv_sec} * 1'000'000'000 + about.st_ctim.tv_nsec});
  }
  return out;
}

bool RenewedFiles::renewed(MonotonicTime now) {
  if (paths_.empty() || now < next_look_) return false;
  next_look_ = now + kInterval;
  std::vector<Stamp> found = stamps();
  if (found != seen_) {
    seen_ = std::move(found);
    seen_since_ = now;
    return false;
  }
  if (seen_ == used_ || now < seen_since_ + kStill) return false;
  used_ = seen_;
  return true;
}

}  // namespace tidemark
