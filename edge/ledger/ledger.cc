#include "edge/ledger/ledger.h"

#include <algorithm>

namespace tidemark {
namespace {

struct Named {
  Counter counter;
  std::string_view name;
};

constexpr std::array<Named, 14> kNames = {{
    {Counter::received, "messages.received"},
    {Counter::decoded, "messages.decoded"},
    {Counter::readings, "readings.decoded"},
    {Counter::counted, "readings.counted"},
    {Counter::open, "readings.open"},
    {Counter::emitted, "readings.emitted"},
    {Counter::redelivered, "messages.redelivered"},
    {Counter::duplicate, "readings.duplicate"},
    {Counter::quarantined, "readings.quarantined"},
    {Counter::waiting, "readings.waiting"},
    {Counter::damaged, "readings.damaged"},
    {Counter::sequence_gap, "messages.sequence_gap"},
    {Counter::sequence_late, "messages.sequence_late"},
    {Counter::sequence_reset, "messages.sequence_reset"},
}};

bool within(std::uint8_t code, Counter block) {
  const auto first = static_cast<std::uint8_t>(block);
  return code >= first && code < first + kRejections;
}

}  // namespace

std::string name_of(Counter counter) {
  for (const Named& named : kNames) {
    if (named.counter == counter) return std::string(named.name);
  }
  const auto code = static_cast<std::uint8_t>(counter);
  for (const auto& [block, prefix] : {std::pair{Counter::rejected_message, "messages.rejected."},
                                      std::pair{Counter::rejected_reading, "readings.rejected."}}) {
    if (within(code, block)) {
      return prefix + std::string(kRejectionNames[static_cast<std::size_t>(code - static_cast<std::uint8_t>(block))]);
    }
  }
  return {};
}

bool is_counter(std::uint8_t code) {
  return !name_of(static_cast<Counter>(code)).empty();
}

void Ledger::add_rare(Counter counter, std::uint64_t n) {
  if (n == 0) return;
  const auto at = std::lower_bound(rare_.begin(), rare_.end(), counter,
                                   [](const auto& entry, Counter wanted) { return entry.first < wanted; });
  if (at != rare_.end() && at->first == counter) {
    at->second += n;
  } else {
    rare_.insert(at, {counter, n});
  }
}

std::uint64_t Ledger::operator[](Counter counter) const {
  const auto code = static_cast<std::size_t>(counter);
  if (code < common_.size()) return common_[code];
  for (const auto& [name, n] : rare_) {
    if (name == counter) return n;
  }
  return 0;
}

void Ledger::merge(const Ledger& other) {
  for (const auto& [counter, n] : other.entries()) add(counter, n);
}

std::vector<std::pair<Counter, std::uint64_t>> Ledger::entries() const {
  std::vector<std::pair<Counter, std::uint64_t>> all;
  for (std::size_t i = 0; i < common_.size(); ++i) {
    if (common_[i] != 0) all.emplace_back(static_cast<Counter>(i), common_[i]);
  }
  all.insert(all.end(), rare_.begin(), rare_.end());
  return all;
}

std::uint64_t Ledger::sum_of(Counter block) const {
  std::uint64_t sum = 0;
  for (const auto& [counter, n] : rare_) {
    if (within(static_cast<std::uint8_t>(counter), block)) sum += n;
  }
  return sum;
}

std::string Ledger::imbalance() const {
  const Ledger& ledger = *this;
  const auto differ = [](std::string_view left, std::uint64_t a, std::string_view right, std::uint64_t b) {
    return std::string(left) + " " + std::to_string(a) + " is not " + std::string(right) + " " + std::to_string(b);
  };
  const std::uint64_t messages = ledger[Counter::decoded] + ledger[Counter::redelivered] + rejected_messages();
  if (ledger[Counter::received] != messages) {
    return differ("messages received", ledger[Counter::received], "decoded + redelivered + rejected", messages);
  }
  const std::uint64_t readings = ledger[Counter::counted] + ledger[Counter::duplicate] + rejected_readings() +
                                 ledger[Counter::quarantined] + ledger[Counter::waiting] + ledger[Counter::damaged];
  if (ledger[Counter::readings] != readings) {
    return differ("readings decoded", ledger[Counter::readings],
                  "counted + duplicate + rejected + quarantined + waiting + damaged", readings);
  }
  const std::uint64_t counted = ledger[Counter::open] + ledger[Counter::emitted];
  if (ledger[Counter::counted] != counted) {
    return differ("readings counted", ledger[Counter::counted], "open + emitted", counted);
  }
  return {};
}

void Ledger::encode(ByteWriter& out) const {
  const auto all = entries();
  out.varint(all.size());
  for (const auto& [counter, n] : all) {
    out.u8(static_cast<std::uint8_t>(counter));
    out.varint(n);
  }
}

Ledger Ledger::decode(ByteReader& in) {
  Ledger ledger;
  const std::uint64_t n = in.varint();
  int before = -1;
  for (std::uint64_t i = 0; i < n && in.ok(); ++i) {
    const std::uint8_t code = in.u8();
    const std::uint64_t value = in.varint();
    if (!is_counter(code) || static_cast<int>(code) <= before || value == 0) {
      in.mark_damaged();
      break;
    }
    before = code;
    ledger.add(static_cast<Counter>(code), value);
  }
  return ledger;
}

}  // namespace tidemark
