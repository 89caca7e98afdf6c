#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "edge/event/event.h"
#include "gateway/doctor/state.h"
#include "gateway/pipeline/clock.h"
#include "gateway/pipeline/state_owner.h"
#include "gateway/uplink/uplink.h"

namespace tidemark::doctor {
namespace {

using FileSystem = PlaceFacts::FileSystem;

struct Known {
  std::uint32_t magic;  // linux/magic.h and the file systems' own headers
  const char* name;
  FileSystem kind;
};
constexpr std::array kKnown = {
    Known{0xEF53, "ext4", FileSystem::durable},          Known{0x58465342, "xfs", FileSystem::durable},
    Known{0x9123683E, "btrfs", FileSystem::durable},     Known{0xF2F52010, "f2fs", FileSystem::durable},
    Known{0x2FC12FC1, "zfs", FileSystem::durable},       Known{0x24051905, "ubifs", FileSystem::durable},
    Known{0x01021994, "tmpfs", FileSystem::memory},      Known{0x858458F6, "ramfs", FileSystem::memory},
    Known{0x794C7630, "overlayfs", FileSystem::layered}, Known{0x6969, "nfs", FileSystem::network},
    Known{0xFF534D42, "cifs", FileSystem::network},      Known{0xFE534D42, "smb2", FileSystem::network},
    Known{0x65735546, "fuse", FileSystem::network},      Known{0x01021997, "9p", FileSystem::network},
};

/// At most so many, and for no longer: a worn card can take seconds for each.
constexpr int kSyncs = 8;
constexpr Duration kSyncTime = seconds(1);
constexpr std::size_t kSyncBytes = 4096;

std::string user_name(uid_t id) {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(id, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_name;
  return "user " + std::to_string(id);
}

/// A file without a name vanishes with its descriptor, however this process ends.
int nameless_file(const std::string& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (file >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)) return file;
  // Not every file system can do that.
  std::string name = folder + "/.tidemark-doctor-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

void measure_syncs(const std::string& folder, PlaceFacts& facts) {
  const int file = nameless_file(folder);
  if (file < 0) {
    facts.sync_error = std::strerror(errno);
    return;
  }
  const std::string block(kSyncBytes, 't');
  const MonotonicTime began = steady_clock();
  for (int i = 0; i < kSyncs && steady_clock() - began < kSyncTime; ++i) {
    const MonotonicTime before = steady_clock();
    const ssize_t written = ::write(file, block.data(), block.size());
    if (written != static_cast<ssize_t>(block.size()) || ::fsync(file) != 0) {
      facts.sync_error = written < 0 || errno != 0 ? std::strerror(errno) : "no room";
      break;
    }
    facts.syncs.push_back(steady_clock() - before);
  }
  ::close(file);
  std::ranges::sort(facts.syncs);
}

void look_at_file_system(const std::string& folder, PlaceFacts& facts) {
  struct statfs about {};
  if (::statfs(folder.c_str(), &about) != 0) return;
  const auto magic = static_cast<std::uint32_t>(about.f_type);
  facts.file_system = "a file system of another kind";
  for (const Known& known : kKnown) {
    if (known.magic != magic) continue;
    facts.file_system = known.name;
    facts.kind = known.kind;
  }
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) return;
  facts.free_bytes = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
  facts.free_files = room.f_files == 0 ? 1 : room.f_favail;
  facts.read_only = (room.f_flag & ST_RDONLY) != 0;
}

/// When the event was committed that stands first in `rows`.
std::optional<ArrivalTime> committed_at(const std::vector<LogRow>& rows) {
  if (rows.empty()) return std::nullopt;
  const auto header = decode_header(rows.front().event.bytes);
  if (!header) return std::nullopt;
  return header->committed_at;
}

}  // namespace

PlaceFacts look_at_place(const std::string& path) {
  PlaceFacts facts;
  facts.path = path;
  facts.as_root = ::geteuid() == 0;
  std::string folder = std::filesystem::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat about {};
  if (::stat(folder.c_str(), &about) != 0) {
    facts.folder_error = std::strerror(errno);
    return facts;
  }
  if (!S_ISDIR(about.st_mode)) {
    facts.folder_error = "it is no folder";
    return facts;
  }
  facts.owner = user_name(about.st_uid);
  facts.device_major = static_cast<std::uint32_t>(major(about.st_dev));
  facts.device_minor = static_cast<std::uint32_t>(minor(about.st_dev));
  facts.folder_writable = ::access(folder.c_str(), W_OK | X_OK) == 0;
  look_at_file_system(folder, facts);
  if (::stat(path.c_str(), &about) == 0) {
    facts.file_there = true;
    facts.owner = user_name(about.st_uid);
    facts.file_writable = ::access(path.c_str(), R_OK | W_OK) == 0;
  } else {
    facts.file_hidden = errno == EACCES;
  }
  if (facts.folder_writable && !facts.read_only) measure_syncs(folder, facts);
  return facts;
}

ContentFacts read_content(const std::string& path) {
  ContentFacts facts;
  StoreOptions options;
  options.path = path;
  options.create = false;
  auto store = Store::open(options);
  if (!store) {
    facts.trouble = store.error().context;
    facts.trouble_code = store.error().code;
    return facts;
  }
  facts.owner = (*store)->setting(kGatewayIdSetting);
  facts.contact = (*store)->setting(Uplink::kContactSetting).value_or("");
  const StoreFigures found = (*store)->figures();
  for (const auto& [position, time] : {std::pair{found.log_first, &facts.oldest}, {found.log_last, &facts.newest}}) {
    if (position == 0) continue;
    const auto rows = (*store)->read_log(position, 1);
    if (!rows) {
      // What is broken must not be closed: the file is left as it is.
      facts.trouble = rows.error().context;
      facts.trouble_code = rows.error().code;
      if (rows.error().code == StoreError::broken) return facts;
      continue;
    }
    *time = committed_at(*rows);
  }
  facts.figures = (*store)->figures();  // reading finds damage
  if (const auto closed = (*store)->close(); !closed) {
    facts.trouble = closed.error().context;
    facts.trouble_code = closed.error().code;
  }
  return facts;
}

void read_log_times(LogSource& log, ContentFacts& facts) {
  if (!facts.figures || facts.figures->log_rows == 0) return;
  if (const auto piece = log.read_partition(0, 1, 1)) facts.oldest = committed_at(piece->rows);
  if (const auto piece = log.read_partition(0, facts.figures->log_last, 1)) facts.newest = committed_at(piece->rows);
}

ContentFacts content_of(const Metrics& metrics) {
  ContentFacts facts;
  StoreFigures figures;
  figures.log_rows = metrics.count("tidemark_log_rows");
  figures.log_bytes = metrics.count("tidemark_log_bytes");
  figures.log_last = metrics.count("tidemark_log_last_position");
  figures.journal_rows = metrics.count("tidemark_journal_rows");
  figures.dead_letters = metrics.count("tidemark_dead_letters");
  figures.dead_letter_bytes = metrics.count("tidemark_dead_letter_bytes");
  figures.dead_letters_dropped = metrics.count("tidemark_dead_letters_dropped_total");
  figures.damaged_rows = metrics.count("tidemark_damaged_rows_total");
  figures.wal_bytes = metrics.count("tidemark_wal_bytes");
  figures.file_bytes = metrics.count("tidemark_state_file_bytes");
  facts.figures = figures;
  return facts;
}

}  // namespace tidemark::doctor
