// SIGTERM and SIGINT as a question that can be asked: how often has somebody asked us to stop?
#pragma once

namespace firmware_sim {

/// Catches SIGTERM and SIGINT from now on.
void watch_stop_signals();

/// 0: go on. 1: stop sending, wait for what is in flight. 2 and more: do not even wait.
int stop_requests();

}  // namespace firmware_sim
