// Whether another process holds the state file, found without opening it by SQLite.
#pragma once

#include <cstdint>
#include <string>

namespace tidemark::doctor {

struct StateLock {
  bool known = false;  // false: the file is not there, or may not be looked at
  bool held = false;
  std::int32_t process = 0;  // that holds it; 0: not known, for it is in another container
};

/// Takes no lock. Not in a process that has the file open: closing a descriptor drops the locks of the whole process.
StateLock look_at_state_lock(const std::string& path);

}  // namespace tidemark::doctor
