// What the state file lies on: the medium behind its file system, how worn it is, and what a day of the configuration
// does to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/doctor/finding.h"

namespace tidemark::doctor {

struct MediumFacts {
  enum class Kind : std::uint8_t {
    unknown,  // no block device of the machine, or none that can be looked at
    disk,     // rotating
    solid,    // SSD, NVMe
    card,     // SD
    emmc,
  };
  Kind kind = Kind::unknown;
  std::string device;         // "mmcblk0"
  std::uint64_t bytes = 0;    // its size
  std::uint64_t written = 0;  // bytes, since the machine began
  std::uint32_t life = 0;     // eMMC's life_time, the worse of its two: 1 is up to 10 % used, 10 up to 100, 11 beyond
  std::uint32_t reserve = 0;  // eMMC's pre_eol_info: 1 normal, 2 80 % of the spare blocks used, 3 nearly all
  std::uint64_t file_system_written = 0;  // bytes, since the file system was made (ext4); 0: it does not say
};

/// `sys`: where sysfs is mounted. `major`, `minor`: of the device that the state's folder lies on.
MediumFacts look_at_medium(const std::string& sys, std::uint32_t major, std::uint32_t minor);

/// What the appliance writes.
struct Writing {
  std::uint64_t per_day = 0;  // bytes, estimated as `tidemark check` does
  std::uint64_t series = 0;   // for so many
  bool series_known = false;  // as the running appliance has; else assumed
};

Findings judge_flash(const MediumFacts& facts, const Writing& writing);

}  // namespace tidemark::doctor
