// What the records of our partition, from the last one acknowledged to the end, say of who wrote them. Pure.
//
// The first is the witness: it must be the event that was acknowledged there. Behind it stand records of others, our
// own events whose acknowledgement was lost (they will come twice, and readers skip them), and, after a restored backup
// or with a cloned card, events under our name that this state file never wrote.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "gateway/uplink/contact.h"
#include "gateway/uplink/lineage.h"

namespace tidemark {

class TailJudgement {
 public:
  /// All outlive it.
  TailJudgement(const Contact& known, const Lineage& lineage, const std::string& gateway)
      : known_(known), lineage_(lineage), gateway_(gateway) {}

  /// A record, in the order of offsets.
  void see(std::int64_t offset, std::string_view key, std::string_view value);

  /// The record at the last acknowledged offset is another than was acknowledged there.
  [[nodiscard]] bool other_log() const { return other_log_; }
  /// Our own events behind it.
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }
  /// Events under our name that are not of our lineage.
  [[nodiscard]] std::uint64_t forked() const { return forked_; }
  /// The first of them, for people: "epoch 0123456789abcdef, sequence 4, at offset 17".
  [[nodiscard]] const std::string& first_fork() const { return first_fork_; }

 private:
  const Contact& known_;
  const Lineage& lineage_;
  const std::string& gateway_;
  bool other_log_ = false;
  std::uint64_t repeated_ = 0;
  std::uint64_t forked_ = 0;
  std::string first_fork_;
};

}  // namespace tidemark
