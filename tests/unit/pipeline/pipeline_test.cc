// The pipeline with a real store and an empty queue.
#include "gateway/pipeline/pipeline.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include "tests/support/folder.h"

using namespace tidemark;
using tidemark::test::Folder;

namespace {

/// A pipeline that reports all the time, in a thread of its own.
class Running {
 public:
  Running(const std::string& state, Duration retention)
      : queue_(1 << 20), pipeline_(settings(state, retention), queue_, {}) {
    REQUIRE(pipeline_.open(1));
    thread_ = std::thread([this] { pipeline_.run(); });
  }
  ~Running() {
    pipeline_.stop();
    thread_.join();
  }

  StoreFigures figures() {
    std::promise<StoreFigures> answer;
    pipeline_.post([&] { answer.set_value(pipeline_.store().figures()); });
    return answer.get_future().get();
  }

  /// Whether it comes true within ten seconds.
  template <typename Test>
  bool within_ten_seconds(const Test& test) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!test(figures())) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

 private:
  static PipelineSettings settings(const std::string& state, Duration retention) {
    PipelineSettings settings;
    settings.gateway = "plant-7";
    settings.store.path = state;
    settings.retention = retention;
    settings.disk_reserve = 0;
    settings.report_interval = milliseconds(1);
    settings.version = "1.0.0";
    return settings;
  }

  MessageQueue queue_;
  Pipeline pipeline_;
  std::thread thread_;
};

}  // namespace

TEST_CASE("what is older than the retention leaves the log") {
  const Folder folder;
  Running running(folder.file("state.db"), milliseconds(1));
  CHECK(running.within_ten_seconds([](const StoreFigures& now) { return now.log_first > 1 || now.log_rows == 0; }));
}

TEST_CASE("what is younger stays") {
  const Folder folder;
  Running running(folder.file("state.db"), days(1));
  CHECK(running.within_ten_seconds([](const StoreFigures& now) { return now.log_last >= 4; }));
  CHECK(running.figures().log_first == 1);
}
