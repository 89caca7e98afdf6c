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
    return number >= memory_->high
               ? static_cast<std::int64_t>(std::min<std::uint64_t>(number - memory_->high, INT64_MAX))
               : -static_cast<std::int64_t>(std::min<std::uint64_t>(memory_->high - number, INT64_MAX));
  }
  const std::uint64_t ahead = (number % modulus + modulus - memory_->high % modulus) % modulus;
  // Half way round counts as ahead: the nearer reading of an ambiguous distance.
  return ahead <= modulus / 2 ? static_cast<std::int64_t>(ahead) : -static_cast<std::int64_t>(modulus - ahead);
}

bool SequenceWindow::seen(std::uint64_t behind) const {
  const std::uint64_t word = behind / 64;
  return word < memory_->bits.size() && ((memory_->bits[word] >> (behind % 64)) & 1u) != 0;
}

void SequenceWindow::mark(std::uint64_t behind) {
  const std::uint64_t word = behind / 64;
  if (word >= kWords) return;
  if (word >= memory_->bits.size()) memory_->bits.resize(word + 1, 0);
  memory_->bits[word] |= std::uint64_t{1} << (behind % 64);
}

void SequenceWindow::advance(std::uint64_t by) {
  const std::uint64_t words = by / 64;
  const unsigned shift = by % 64;
  if (words >= kWords) {
    memory_->bits.clear();
    return;
  }
  if (words > 0) memory_->bits.insert(memory_->bits.begin(), words, 0);
  if (shift != 0) {
    std::uint64_t carry = 0;
    for (std::uint64_t& word : memory_->bits) {
      const std::uint64_t out = word >> (64 - shift);
      word = (word << shift) | carry;
      carry = out;
    }
    if (carry != 0) memory_->bits.push_back(carry);
  }
  if (memory_->bits.size() > kWords) memory_->bits.resize(kWords);
  while (!memory_->bits.empty() && memory_->bits.back() == 0) memory_->bits.pop_back();
}

void SequenceWindow::restart(std::uint64_t number) {
  memory_ = std::make_unique<Memory>(Memory{number, {1}});
}

SequenceVerdict SequenceWindow::classify(std::uint64_t number, std::uint64_t modulus, bool newer) const {
  if (empty()) return SequenceVerdict::first;
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
      memory_->high = number;
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
  out.u8(empty() ? 0 : 1);
  if (empty()) return;
  out.varint(memory_->high);
  out.varint(memory_->bits.size());
  for (const std::uint64_t word : memory_->bits) out.u64(word);
}

SequenceWindow SequenceWindow::decode(ByteReader& in) {
  SequenceWindow window;
  if (in.u8() == 0) return window;
  window.memory_ = std::make_unique<Memory>();
  window.memory_->high = in.varint();
  const std::uint64_t words = in.varint();
  if (words > kWords) {
    in.mark_damaged();
    return window;
  }
  for (std::uint64_t i = 0; i < words && in.ok(); ++i) window.memory_->bits.push_back(in.u64());
  return window;
}

}  // namespace tidemark
