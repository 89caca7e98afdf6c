#include <sys/stat.h>
#include <sys/timex.h>
#include <unistd.h>

#include "gateway/doctor/clock.h"
#include "gateway/pipeline/clock.h"

namespace tidemark::doctor {
namespace {

bool exists(const char* path) {
  return ::access(path, F_OK) == 0;
}

}  // namespace

ClockFacts look_at_clock() {
  ClockFacts facts;
  facts.now = wall_clock();
  // No mode is set, so it only asks. Containers without the right to set the clock may be refused even that.
  timex kernel{};
  if (const int state = adjtimex(&kernel); state >= 0) {
    facts.kernel_synchronised = state != TIME_ERROR && (kernel.status & STA_UNSYNC) == 0;
    facts.greatest_error = nanoseconds(static_cast<std::int64_t>(kernel.maxerror) * 1'000);
  }
  facts.timesync_marker = exists("/run/systemd/timesync/synchronized");
  facts.battery_clock = exists("/sys/class/rtc/rtc0");
  // A package's files carry the date of its release: no clock that is right shows an earlier one.
  struct stat program {};
  if (::stat("/proc/self/exe", &program) == 0) {
    facts.program_from = ArrivalTime{static_cast<std::int64_t>(program.st_mtim.tv_sec) * 1'000'000'000};
  }
  return facts;
}

}  // namespace tidemark::doctor
