#include "gateway/uplink/lineage.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tidemark {
namespace {

/// Takes a number and the sign behind it from the front of the text; the last one needs no sign.
bool take(std::string_view& text, int base, char sign, std::uint64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc()) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (text.empty()) return sign == ',';
  if (text.front() != sign) return false;
  text.remove_prefix(1);
  return !text.empty();
}

}  // namespace

std::optional<Lineage> Lineage::parse(std::string_view text) {
  Lineage out;
  while (!text.empty()) {
    Epoch epoch;
    if (!take(text, 16, ':', epoch.epoch) || !take(text, 10, ',', epoch.last)) return std::nullopt;
    out.epochs_.push_back(epoch);
  }
  return out;
}

std::string Lineage::text() const {
  std::string out;
  for (const Epoch& epoch : epochs_) {
    out += fmt::format("{}{:x}:{}", out.empty() ? "" : ",", epoch.epoch, epoch.last);
  }
  return out;
}

bool Lineage::add(std::uint64_t epoch, std::uint64_t sequence) {
  // The present epoch is the last one.
  const auto found = std::find_if(epochs_.rbegin(), epochs_.rend(), [&](const Epoch& e) { return e.epoch == epoch; });
  if (found != epochs_.rend()) {
    found->last = std::max(found->last, sequence);
    return false;
  }
  epochs_.push_back({epoch, sequence});
  if (epochs_.size() > kMostEpochs) epochs_.pop_front();
  return true;
}

bool Lineage::has(std::uint64_t epoch, std::uint64_t sequence) const {
  return std::any_of(epochs_.begin(), epochs_.end(),
                     [&](const Epoch& e) { return e.epoch == epoch && sequence <= e.last; });
}

}  // namespace tidemark
