// Which machine this is, told by its hardware: a card that was copied into a second gateway brings the state file of
// the first, with the right to send in its name (FIELD, "Faults to survive": cloned card).
//
// The marks are hashes, kept in the state file. Two machines are the same if they share one: a board that got another
// network card is still itself. What the operating system made up (/etc/machine-id, names, addresses it drew) is no
// mark, for it is copied with the card. A machine that shows no mark, such as a container, cannot be told apart.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark {

class Machine {
 public:
  Machine() = default;

  /// The machine whose /proc and /sys stand under `root`: the serial number of the board (device tree), the UUID of the
  /// mainboard (DMI, for root only), the permanent addresses of its network cards.
  static Machine at(const std::filesystem::path& root);

  /// As text() wrote it; nullopt: it is not that.
  static std::optional<Machine> parse(std::string_view text);
  /// For the state file: the marks in hex, by size, with commas between. Empty: there is none.
  [[nodiscard]] std::string text() const;

  /// Certain to be another machine than `other`: both have marks, and none in common.
  [[nodiscard]] bool differs(const Machine& other) const;

  friend bool operator==(const Machine&, const Machine&) = default;

 private:
  void add(std::string_view kind, std::string_view value);

  std::vector<std::uint64_t> marks_;  // ascending
};

}  // namespace tidemark
