#include "edge/processor/sequence_window.h"

#include <algorithm>

#include "edge/bytes/assert.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kWords = 16;  // 1024 numbers

std::uint64_t remembered(std::uint64_t modulus) {
  return modulus == 0 ? kWords * 64 : std::min<std::uint64_t>(kWords * 64, modulus / 4);
}

}  // namespace

std::int64_t SequenceWindow::distance(std::uint64_t number, std::uint64_t modulus) const {
  if (modulus == 0) {
    return number >= high_ ? static_cast<std::int64_t>(std::min<std::uint64_t>(number - high_, INT64_MAX))
                           : -static_cast<std::int64_t>(std::min<std::uint64_t>(high_ - number, INT64_MAX));
  }
  const std::uint64_t ahead = (number % modulus + modulus - high_ % modulus) % modulus;
  // Half way round counts as ahead: the nearer reading of an ambiguous distance.
  return ahead <= modulus / 2 ? static_cast<std::int64_t>(ahead) : -static_cast<std::int64_t>(modulus - ahead);
}

bool SequenceWindow::seen(std::uint64_t behind) const {
  const std::uint64_t word = behind / 64;
  return word < bits_.size() && ((bits_[word] >> (behind % 64)) & 1u) != 0;
}

void SequenceWindow::mark(std::uint64_t behind) {
  const std::uint64_t word = behind / 64;
  if (word >= kWords) return;
  if (word >= bits_.size()) bits_.resize(word + 1, 0);
  bits_[word] |= std::uint64_t{1} << (behind % 64);
}

void SequenceWindow::advance(std::uint64_t by) {
  const std::uint64_t words = by / 64;
  const unsigned shift = by % 64;
  if (words >= kWords) {
    bits_.clear();
    return;
  }
  if (words > 0) bits_.insert(bits_.begin(), words, 0);
  if (shift != 0) {
    std::uint64_t carry = 0;
    for (std::uint64_t& word : bits_) {
      const std::uint64_t out = word >> (64 - shift);
      word = (word << shift) | carry;
      carry = out;
    }
    if (carry != 0) bits_.push_back(carry);
  }
  if (bits_.size() > kWords) bits_.resize(kWords);
  while (!bits_.empty() && bits_.back() == 0) bits_.pop_back();
}

void SequenceWindow::restart(std::uint64_t number) {
  started_ = true;
  high_ = number;
  bits_.assign(1, 1);
}

SequenceVerdict SequenceWindow::classify(std::uint64_t number, std::uint64_t modulus, bool newer) const {
  if (!started_) return SequenceVerdict::first;
  const std::int64_t ahead = distance(number, modulus);
  if (ahead > 0) return SequenceVerdict::next;
  const auto behind = static_cast<std::uint64_t>(-ahead);
  if (behind >= remembered(modulus)) return newer ? SequenceVerdict::restarted : SequenceVerdict::unknown;
  if (!seen(behind)) return SequenceVerdict::late;
  return newer ? SequenceVerdict::restarted : SequenceVerdict::duplicate;
}

std::uint64_t SequenceWindow::gap_before(std::uint64_t number, std::uint64_t modulus) const {
  const std::int64_t ahead = distance(number, modulus);
  return ahead > 1 ? static_cast<std::uint64_t>(ahead - 1) : 0;
}

void SequenceWindow::take(std::uint64_t number, std::uint64_t modulus, SequenceVerdict verdict) {
  switch (verdict) {
    case SequenceVerdict::first:
    case SequenceVerdict::restarted:
      restart(number);
      break;
    case SequenceVerdict::next:
      advance(static_cast<std::uint64_t>(distance(number, modulus)));
      high_ = number;
      mark(0);
      break;
    case SequenceVerdict::late:
      mark(static_cast<std::uint64_t>(-distance(number, modulus)));
      break;
    case SequenceVerdict::unknown:
    case SequenceVerdict::duplicate:
      break;
  }
}

void SequenceWindow::encode(ByteWriter& out) const {
  out.u8(started_ ? 1 : 0);
  if (!started_) return;
  out.varint(high_);
  out.varint(bits_.size());
  for (const std::uint64_t word : bits_) out.u64(word);
}

SequenceWindow SequenceWindow::decode(ByteReader& in) {
  SequenceWindow window;
  window.started_ = in.u8() != 0;
  if (!window.started_) return window;
  window.high_ = in.varint();
  const std::uint64_t words = in.varint();
  if (words > kWords) {
    in.mark_damaged();
    return window;
  }
  for (std::uint64_t i = 0; i < words && in.ok(); ++i) window.bits_.push_back(in.u64());
  return window;
}

}  // namespace tidemark
