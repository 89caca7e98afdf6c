#include "gateway/doctor/medium.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/doctor/judgement.h"

namespace tidemark::doctor {
namespace {

namespace fs = std::filesystem;
using Kind = MediumFacts::Kind;
using test::says;
using test::worst;

/// A sysfs of a test's own.
class Sys {
 public:
  Sys() : root_(fs::temp_directory_path() / ("tidemark-sys-" + std::to_string(::getpid()))) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "dev/block");
  }
  ~Sys() { fs::remove_all(root_); }
  Sys(const Sys&) = delete;
  Sys& operator=(const Sys&) = delete;

  void file(const std::string& name, const std::string& content) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << content << "\n";
  }
  void device(const std::string& number, const std::string& place) const {
    fs::create_directory_symlink(root_ / place, root_ / "dev/block" / number);
  }
  [[nodiscard]] std::string path() const { return root_.string(); }

 private:
  fs::path root_;
};

constexpr const char* kStat = "1 2 3 4 5 6 2048 8 9 10 11";

TEST_CASE("a partition of an eMMC is looked at as its whole device") {
  const Sys sys;
  sys.file("devices/mmc0/block/mmcblk0/size", "15269888");
  sys.file("devices/mmc0/block/mmcblk0/stat", kStat);
  sys.file("devices/mmc0/block/mmcblk0/device/type", "MMC");
  sys.file("devices/mmc0/block/mmcblk0/device/life_time", "0x02 0x05");
  sys.file("devices/mmc0/block/mmcblk0/device/pre_eol_info", "0x01");
  sys.file("devices/mmc0/block/mmcblk0/mmcblk0p2/partition", "2");
  sys.file("fs/ext4/mmcblk0p2/lifetime_write_kbytes", "1024");
  sys.device("179:2", "devices/mmc0/block/mmcblk0/mmcblk0p2");
  const MediumFacts facts = look_at_medium(sys.path(), 179, 2);
  CHECK(facts.kind == Kind::emmc);
  CHECK(facts.device == "mmcblk0");
  CHECK(facts.bytes == 15'269'888ull * 512);
  CHECK(facts.written == 2048 * 512);
  CHECK(facts.life == 5);
  CHECK(facts.reserve == 1);
  CHECK(facts.file_system_written == 1 << 20);
}

TEST_CASE("below an encrypted disk the disk is found, and what is no block device is not known") {
  const Sys sys;
  sys.file("devices/virtual/block/dm-0/size", "1");
  sys.file("devices/pci/block/sda/size", "2048");
  sys.file("devices/pci/block/sda/queue/rotational", "0");
  sys.file("devices/pci/block/sda/sda1/partition", "1");
  fs::create_directories(sys.path() + "/devices/virtual/block/dm-0/slaves");
  fs::create_directory_symlink(sys.path() + "/devices/pci/block/sda/sda1",
                               sys.path() + "/devices/virtual/block/dm-0/slaves/sda1");
  sys.device("253:0", "devices/virtual/block/dm-0");
  const MediumFacts facts = look_at_medium(sys.path(), 253, 0);
  CHECK(facts.device == "sda");
  CHECK(facts.kind == Kind::solid);
  CHECK(facts.bytes == 1 << 20);
  CHECK(look_at_medium(sys.path(), 0, 42).kind == Kind::unknown);
}

MediumFacts medium(Kind kind) {
  MediumFacts facts;
  facts.kind = kind;
  facts.device = "mmcblk0";
  facts.bytes = 8ull << 30;
  return facts;
}

constexpr Writing kLittle{1ull << 30, 1'000, true};
constexpr Writing kMuch{8ull << 30, 10'000, false};

TEST_CASE("a card that the estimate wears out within five years is a warning, a disk is not") {
  CHECK(worst(judge_flash(medium(Kind::card), {100ull << 20, 100, true})) == Level::ok);
  for (const Kind kind : {Kind::card, Kind::emmc}) {
    const Findings found = judge_flash(medium(kind), kMuch);
    says(found, Level::warning, {"0.5 years", "commit_delay", "an assumption"});
    test::all_say_what_to_do(found);
  }
  CHECK(worst(judge_flash(medium(Kind::disk), kMuch)) == Level::ok);
  CHECK(worst(judge_flash(medium(Kind::unknown), kMuch)) == Level::ok);
}

TEST_CASE("what an eMMC says of its own wear goes before the estimate") {
  MediumFacts facts = medium(Kind::emmc);
  facts.life = 3;
  says(judge_flash(facts, kMuch), Level::ok, {"up to 30 %"});
  facts.life = 9;
  says(judge_flash(facts, kLittle), Level::warning, {"90 %", "replacement"});
  facts.life = 11;
  says(judge_flash(facts, kLittle), Level::error, {"worn out", "replace it now"});
  facts.life = 1;
  facts.reserve = 2;
  CHECK(worst(judge_flash(facts, kLittle)) == Level::warning);
  facts.reserve = 3;
  CHECK(worst(judge_flash(facts, kLittle)) == Level::error);
}

}  // namespace
}  // namespace tidemark::doctor
