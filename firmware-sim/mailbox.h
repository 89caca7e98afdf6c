// What the MQTT library's threads tell the one thread that does the work. Its callbacks only post here: a callback that
// blocks or calls the library again can lock it up.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace firmware_sim {

struct Note {
  enum class Kind : std::uint8_t {
    acknowledged,  // the message at `position`
    connected,
    failed,  // to connect, with the reason in `text`
    lost,    // the connection, with the reason in `text`
  };
  Kind kind;
  std::uint32_t publisher;
  std::uint32_t session;   // notes of an earlier session are void
  std::uint32_t position;  // of acknowledged
  std::string text;
};

/// Thread-safe.
class Mailbox {
 public:
  void post(Note note);

  /// Returns when `acknowledgements` have been posted since the last take(), when anything else was, or at the
  /// deadline.
  void wait_until(std::chrono::steady_clock::time_point deadline, std::size_t acknowledgements);

  /// Moves all notes to `notes`, which is cleared first, in the order in which they were posted.
  void take(std::vector<Note>& notes);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Protected by mutex_.
  std::vector<Note> notes_;
  bool urgent_ = false;
  std::size_t wanted_ = 0;  // 0: nobody waits
};

}  // namespace firmware_sim
