#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "gateway/doctor/medium.h"

namespace tidemark::doctor {
namespace {

namespace fs = std::filesystem;

/// The first line; empty where there is none.
std::string line_of(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

std::uint64_t number_of(const fs::path& file) {
  const std::string line = line_of(file);
  std::uint64_t number = 0;
  std::from_chars(line.data(), line.data() + line.size(), number);
  return number;
}

/// "0x01 0x02" and "0x01": the greatest.
std::uint32_t greatest_hex(const std::string& line) {
  std::istringstream words(line);
  std::uint32_t greatest = 0;
  for (std::string word; words >> word;) {
    std::uint32_t number = 0;
    const std::size_t from = word.starts_with("0x") ? 2 : 0;
    std::from_chars(word.data() + from, word.data() + word.size(), number, 16);
    greatest = std::max(greatest, number);
  }
  return greatest;
}

/// The whole device of a partition, and the first device below one that is mapped (LVM, dm-crypt).
fs::path whole_device(fs::path device) {
  std::error_code ignored;
  for (int depth = 0; depth < 8; ++depth) {
    if (fs::exists(device / "partition", ignored)) {
      device = device.parent_path();
      continue;
    }
    const fs::directory_iterator below(device / "slaves", ignored);
    if (ignored || below == fs::directory_iterator()) return device;
    const fs::path next = fs::canonical(below->path(), ignored);
    if (ignored) return device;
    device = next;
  }
  return device;
}

/// https://docs.kernel.org/admin-guide/iostats.html, field 7: sectors of 512 bytes written since the machine began.
std::uint64_t written_bytes(const fs::path& device) {
  std::istringstream fields(line_of(device / "stat"));
  std::uint64_t value = 0;
  for (int field = 1; field <= 7; ++field) fields >> value;
  return fields ? value * 512 : 0;
}

}  // namespace

MediumFacts look_at_medium(const std::string& sys, std::uint32_t major, std::uint32_t minor) {
  MediumFacts facts;
  std::error_code ignored;
  const fs::path link = fs::path(sys) / "dev/block" / fmt::format("{}:{}", major, minor);
  const fs::path partition = fs::canonical(link, ignored);
  if (ignored) return facts;
  const fs::path device = whole_device(partition);
  facts.device = device.filename().string();
  facts.bytes = number_of(device / "size") * 512;
  facts.written = written_bytes(device);
  facts.file_system_written =
      number_of(fs::path(sys) / "fs/ext4" / partition.filename() / "lifetime_write_kbytes") * 1024;
  facts.life = greatest_hex(line_of(device / "device/life_time"));
  facts.reserve = greatest_hex(line_of(device / "device/pre_eol_info"));
  const std::string type = line_of(device / "device/type");
  if (facts.device.starts_with("mmcblk")) {
    facts.kind = type == "SD" ? MediumFacts::Kind::card : MediumFacts::Kind::emmc;
  } else if (const std::string rotational = line_of(device / "queue/rotational"); !rotational.empty()) {
    facts.kind = rotational == "1" ? MediumFacts::Kind::disk : MediumFacts::Kind::solid;
  }
  return facts;
}

}  // namespace tidemark::doctor
