// An answer that another thread gives later, or never.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

namespace tidemark {

/// Asks and waits. `ask` is called at once with the function that gives the answer, which may outlive the wait.
/// Nullopt: `stopped` became true before the answer came.
template <typename T>
std::optional<T> wait_for_answer(const std::function<void(std::function<void(T)>)>& ask,
                                 const std::function<bool()>& stopped) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable given;
    std::optional<T> value;
  };
  const auto answer = std::make_shared<Answer>();
  ask([answer](T value) {
    const std::lock_guard lock(answer->mutex);
    answer->value.emplace(std::move(value));
    answer->given.notify_all();
  });
  std::unique_lock lock(answer->mutex);
  while (!answer->value) {
    if (stopped()) return std::nullopt;
    answer->given.wait_for(lock, std::chrono::milliseconds(50));
  }
  return std::move(answer->value);
}

}  // namespace tidemark
