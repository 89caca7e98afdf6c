// A bare Paho callback that only counts: what a C++ programmer writes first, and what the appliance is compared with.
// MQTT 5, QoS 1, Receive Maximum 4,096. Paho acknowledges each message when the callback returns; nothing is stored.
//
//   paho_counter --port PORT --filter FILTER --skip N --messages N
//
// Prints "subscribed", and after `skip` and `messages` more: messages a second, and microseconds of this process's CPU
// a message (user and system, all threads), the skipped ones left out.
#include <mqtt/async_client.h>
#include <sys/resource.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

struct Point {
  Clock::time_point at;
  double cpu = 0;
};

class Counter : public mqtt::callback {
 public:
  Counter(long skip, long messages) : skip_(skip), last_(skip + messages) {}

  void message_arrived(mqtt::const_message_ptr) override {
    ++count_;
    if (count_ != skip_ && count_ != last_) return;
    const std::lock_guard lock(mutex_);
    Point& point = count_ == skip_ ? begin_ : end_;
    point.at = Clock::now();
    point.cpu = cpu_seconds();
    done_ = count_ == last_;
    changed_.notify_all();
  }

  bool wait(std::chrono::seconds limit) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [this] { return done_; });
  }
  [[nodiscard]] double seconds() const { return std::chrono::duration<double>(end_.at - begin_.at).count(); }
  [[nodiscard]] double cpu() const { return end_.cpu - begin_.cpu; }

 private:
  const long skip_;
  const long last_;
  long count_ = 0;  // of Paho's thread
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  Point begin_, end_;
};

}  // namespace

int main(int count, char** words) {
  std::string port, filter = "#";
  long skip = 1'000, messages = 10'000;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string_view name = words[i];
    if (name == "--port") port = words[i + 1];
    if (name == "--filter") filter = words[i + 1];
    if (name == "--skip") skip = std::strtol(words[i + 1], nullptr, 10);
    if (name == "--messages") messages = std::strtol(words[i + 1], nullptr, 10);
  }
  try {
    mqtt::async_client client("tcp://127.0.0.1:" + port, "paho-counter", mqtt::create_options(MQTTVERSION_5));
    Counter counter(skip, messages);
    client.set_callback(counter);
    const auto options = mqtt::connect_options_builder()
                             .mqtt_version(MQTTVERSION_5)
                             .clean_start(true)
                             .properties({{mqtt::property::RECEIVE_MAXIMUM, 4'096}})
                             .finalize();
    client.connect(options)->wait();
    client.subscribe(filter, 1)->wait();
    std::puts("subscribed");
    std::fflush(stdout);
    if (!counter.wait(std::chrono::seconds(120))) {
      std::fputs("paho_counter: the messages did not come\n", stderr);
      return 1;
    }
    const auto counted = static_cast<double>(messages);
    std::printf("%.0f messages a second, %.2f us of CPU a message\n", counted / counter.seconds(),
                counter.cpu() / counted * 1e6);
    client.disconnect()->wait();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "paho_counter: %s\n", error.what());
    return 1;
  }
}
