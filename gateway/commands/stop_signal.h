// SIGTERM and SIGINT, asked for between two pieces of work.
#pragma once

#include <signal.h>

#include "edge/time/instant.h"

namespace tidemark {

/// From its construction on the signals are kept until they are asked for.
class StopSignal {
 public:
  StopSignal() {
    sigemptyset(&signals_);
    sigaddset(&signals_, SIGTERM);
    sigaddset(&signals_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
  }

  /// Whether one has come, or comes within this time.
  [[nodiscard]] bool came(Duration within = {}) const {
    const timespec limit{within.ns / 1'000'000'000, within.ns % 1'000'000'000};
    return sigtimedwait(&signals_, nullptr, &limit) > 0;
  }

 private:
  sigset_t signals_;
};

}  // namespace tidemark
