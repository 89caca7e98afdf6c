#include "gateway/uplink/machine.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <system_error>

namespace tidemark {
namespace {

namespace fs = std::filesystem;

/// The file's first line without white space and zeros at its ends; empty: there is none, or it is not for us to read.
std::string first_line(const fs::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  constexpr std::string_view kNoText(" \t\r\n\0", 5);
  const std::size_t begin = line.find_first_not_of(kNoText);
  if (begin == std::string::npos) return {};
  return line.substr(begin, line.find_last_not_of(kNoText) + 1 - begin);
}

/// What makers write where they have nothing to say is the same on every board of theirs.
bool says_something(std::string_view value) {
  constexpr std::string_view kOfManyBoards = "03000200-0400-0500-0006-000700080009";
  return value.size() >= 4 && value.find_first_not_of("0-:") != std::string_view::npos &&
         value.find_first_not_of("fF-:") != std::string_view::npos && value != kOfManyBoards;
}

}  // namespace

void Machine::add(std::string_view kind, std::string_view value) {
  if (!says_something(value)) return;
  const std::uint64_t mark = XXH3_64bits_withSeed(value.data(), value.size(), XXH3_64bits(kind.data(), kind.size()));
  const auto place = std::lower_bound(marks_.begin(), marks_.end(), mark);
  if (place == marks_.end() || *place != mark) marks_.insert(place, mark);
}

Machine Machine::at(const fs::path& root) {
  Machine machine;
  machine.add("board", first_line(root / "proc/device-tree/serial-number"));
  machine.add("mainboard", first_line(root / "sys/class/dmi/id/product_uuid"));
  std::error_code error;
  for (const fs::directory_entry& card : fs::directory_iterator(root / "sys/class/net", error)) {
    // A bridge or tunnel has no device behind it; an address that was drawn or set says so.
    const bool hardware = fs::exists(card.path() / "device", error);
    if (hardware && first_line(card.path() / "addr_assign_type") == "0") {
      machine.add("network", first_line(card.path() / "address"));
    }
  }
  return machine;
}

std::optional<Machine> Machine::parse(std::string_view text) {
  Machine machine;
  while (!text.empty()) {
    constexpr std::size_t kDigits = 16;
    std::uint64_t mark = 0;
    const std::string_view digits = text.substr(0, kDigits);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), mark, 16);
    if (error != std::errc() || digits.size() != kDigits || end != digits.data() + kDigits) return std::nullopt;
    if (!machine.marks_.empty() && mark <= machine.marks_.back()) return std::nullopt;
    machine.marks_.push_back(mark);
    text.remove_prefix(kDigits);
    if (text.empty()) break;
    if (text.front() != ',' || text.size() == 1) return std::nullopt;
    text.remove_prefix(1);
  }
  return machine;
}

std::string Machine::text() const {
  std::string text;
  for (const std::uint64_t mark : marks_) text += fmt::format("{}{:016x}", text.empty() ? "" : ",", mark);
  return text;
}

bool Machine::differs(const Machine& other) const {
  if (marks_.empty() || other.marks_.empty()) return false;
  return std::none_of(marks_.begin(), marks_.end(), [&](std::uint64_t mark) {
    return std::binary_search(other.marks_.begin(), other.marks_.end(), mark);
  });
}

}  // namespace tidemark
