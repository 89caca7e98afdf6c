#include "firmware-sim/mailbox.h"

#include <utility>

namespace firmware_sim {

void Mailbox::post(Note note) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (note.kind != Note::Kind::acknowledged) urgent_ = true;
    notes_.push_back(std::move(note));
    // Waking for every single acknowledgement would cost more than sending the message did.
    wake = wanted_ != 0 && (urgent_ || notes_.size() >= wanted_);
  }
  if (wake) changed_.notify_one();
}

void Mailbox::wait_until(std::chrono::steady_clock::time_point deadline, std::size_t acknowledgements) {
  std::unique_lock lock(mutex_);
  wanted_ = acknowledgements == 0 ? 1 : acknowledgements;
  changed_.wait_until(lock, deadline, [&] { return urgent_ || notes_.size() >= wanted_; });
  wanted_ = 0;
}

void Mailbox::take(std::vector<Note>& notes) {
  notes.clear();
  const std::lock_guard lock(mutex_);
  notes.swap(notes_);
  urgent_ = false;
}

}  // namespace firmware_sim
