// Which events this state file has ever committed: its epochs, and the last sequence of each. An event in Kafka that
// carries our gateway's id and is none of these was written by somebody else with our name, or by ourselves in a future
// that a restored backup does not know. Pure.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

class Lineage {
 public:
  /// Older ones are forgotten. What is asked for lies behind the last acknowledged record, so it is seldom older than
  /// an epoch or two.
  static constexpr std::size_t kMostEpochs = 256;

  /// As text() wrote it; nullopt: it is not that.
  static std::optional<Lineage> parse(std::string_view text);
  /// For the state file: "EPOCH:SEQUENCE,...", the epoch in hexadecimal, oldest first.
  [[nodiscard]] std::string text() const;

  /// An event was committed; or an epoch's successor has told its last sequence. True: the epoch is new here.
  bool add(std::uint64_t epoch, std::uint64_t sequence);

  [[nodiscard]] bool has(std::uint64_t epoch, std::uint64_t sequence) const;

  friend bool operator==(const Lineage&, const Lineage&) = default;

 private:
  struct Epoch {
    std::uint64_t epoch = 0;
    std::uint64_t last = 0;  // sequence
    friend bool operator==(const Epoch&, const Epoch&) = default;
  };

  std::deque<Epoch> epochs_;
};

}  // namespace tidemark
