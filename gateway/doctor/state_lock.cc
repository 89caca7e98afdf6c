#include "gateway/doctor/state_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace tidemark::doctor {

StateLock look_at_state_lock(const std::string& path) {
  // https://www.sqlite.org/fileformat2.html, section 1.5: the bytes at 1 GiB that SQLite locks: pending, reserved, and
  // 510 shared ones. An appliance holds all of the latter for as long as it runs.
  constexpr off_t kFirst = 0x40000000;
  constexpr off_t kBytes = 512;
  StateLock out;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return out;
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_start = kFirst;
  lock.l_len = kBytes;
  if (::fcntl(file, F_GETLK, &lock) == 0) {
    out.known = true;
    out.held = lock.l_type != F_UNLCK;
    if (out.held) out.process = std::max<std::int32_t>(lock.l_pid, 0);
  }
  ::close(file);
  return out;
}

}  // namespace tidemark::doctor
