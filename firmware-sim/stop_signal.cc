#include "firmware-sim/stop_signal.h"

#include <atomic>
#include <csignal>

namespace firmware_sim {
namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free);  // so that a signal handler may touch it

void count_request(int) {
  requests.fetch_add(1);
}

}  // namespace

void watch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = count_request;
  sigemptyset(&action.sa_mask);
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

int stop_requests() {
  return requests.load();
}

}  // namespace firmware_sim
