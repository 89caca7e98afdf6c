// The dead letters of the group at hand: messages of which something was not taken, with the first reason for it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "edge/decode/message.h"
#include "edge/processor/group.h"
#include "edge/store/store.h"

namespace tidemark {

class DeadLetters {
 public:
  /// Keeps the beginning of topic and payload. Beyond kMostDeadLetters a group's letters are only counted. `stream` and
  /// `source` are empty where none is known.
  void keep(std::string_view stream, std::string_view source, const Message& message, std::string_view reason);

  void leave_with(Group& group);

 private:
  std::vector<DeadLetter> letters_;
  std::uint64_t skipped_ = 0;
};

}  // namespace tidemark
