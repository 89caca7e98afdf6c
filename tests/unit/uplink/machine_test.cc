#include "gateway/uplink/machine.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace tidemark {
namespace {

namespace fs = std::filesystem;

/// A root folder with what the kernel shows of a machine.
class Root {
 public:
  Root() {
    std::string pattern = (fs::temp_directory_path() / "tidemark-machine-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~Root() { fs::remove_all(path_); }
  Root(const Root&) = delete;
  Root& operator=(const Root&) = delete;

  Root& file(const std::string& name, const std::string& content) {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name, std::ios::binary) << content;
    return *this;
  }
  Root& card(const std::string& name, const std::string& address, const std::string& assigned = "0",
             bool hardware = true) {
    const std::string folder = "sys/class/net/" + name;
    if (hardware) fs::create_directories(path_ / folder / "device");
    return file(folder + "/address", address + "\n").file(folder + "/addr_assign_type", assigned + "\n");
  }
  [[nodiscard]] Machine machine() const { return Machine::at(path_); }

 private:
  fs::path path_;
};

const char* const kSerial = "proc/device-tree/serial-number";
const char* const kUuid = "sys/class/dmi/id/product_uuid";

TEST_CASE("a machine is known again by any of its marks, and another has none of them") {
  Root first, same_board, same_card, other;
  first.file(kSerial, std::string("10000000a3b4c5d6\0", 17)).card("eth0", "dc:a6:32:01:02:03");
  same_board.file(kSerial, "10000000a3b4c5d6").card("eth0", "dc:a6:32:99:99:99");
  same_card.file(kUuid, "4c4c4544-0042-3510-8052-b4c04f565031\n").card("enp1s0", "dc:a6:32:01:02:03");
  other.file(kSerial, "10000000ffff0000").card("eth0", "dc:a6:32:99:99:99");
  CHECK_FALSE(first.machine().differs(first.machine()));
  CHECK_FALSE(first.machine().differs(same_board.machine()));
  CHECK_FALSE(first.machine().differs(same_card.machine()));
  CHECK(first.machine().differs(other.machine()));
  CHECK(other.machine().differs(first.machine()));
}

TEST_CASE("a machine that shows no mark cannot be told apart") {
  Root marked, bare;
  marked.card("eth0", "dc:a6:32:01:02:03");
  CHECK(bare.machine().text().empty());
  CHECK_FALSE(bare.machine().differs(marked.machine()));
  CHECK_FALSE(marked.machine().differs(bare.machine()));
}

TEST_CASE("what is made up, or the same on many boards, is no mark") {
  Root root;
  root.file(kSerial, "0000000000000000");
  root.file(kUuid, "03000200-0400-0500-0006-000700080009");
  root.card("lo", "00:00:00:00:00:00", "0", false);
  root.card("docker0", "02:42:ac:11:00:02", "0", false);
  root.card("usb0", "aa:bb:cc:dd:ee:ff", "1");   // drawn by the kernel
  root.card("wlan0", "aa:bb:cc:dd:ee:0f", "3");  // set by an administrator
  root.card("eth0", "ff:ff:ff:ff:ff:ff");
  root.file("etc/machine-id", "0123456789abcdef0123456789abcdef\n");
  CHECK(root.machine().text().empty());
}

TEST_CASE("marks come back from their text, and what is none is refused") {
  Root root;
  root.file(kSerial, "10000000a3b4c5d6").card("eth0", "dc:a6:32:01:02:03").card("eth1", "dc:a6:32:01:02:04");
  const std::string text = root.machine().text();
  CHECK(text.size() == 3 * 16 + 2);
  CHECK(Machine::parse(text) == root.machine());
  CHECK(Machine::parse("") == Machine());
  // The serial number itself is nobody's business.
  CHECK(text.find("a3b4c5d6") == std::string::npos);
  for (const char* wrong :
       {"1", "0123456789abcde", "0123456789abcdeg", "0123456789abcdef,", "0123456789abcdef;",
        "0123456789abcdef0123456789abcdef", "0123456789abcdef,0123456789abcdef", "0123456789abcdef,0000000000000001"}) {
    CAPTURE(wrong);
    CHECK_FALSE(Machine::parse(wrong));
  }
}

}  // namespace
}  // namespace tidemark
