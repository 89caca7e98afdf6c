#include "edge/store/state_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "edge/store/schema.h"

namespace tidemark {
namespace {

// https://www.sqlite.org/fileformat2.html, section 1.3.
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kPageSizeOffset = 16;        // two bytes, big-endian; 1 stands for 65,536
constexpr std::size_t kFormatVersionsOffset = 18;  // two bytes: for writing, for reading
constexpr std::size_t kChangeCounterOffset = 24;
constexpr std::size_t kPagesOffset = 28;
constexpr std::size_t kApplicationIdOffset = 68;
constexpr std::size_t kPagesValidForOffset = 92;  // the change counter for which the number of pages holds

using Header = std::array<char, kHeaderBytes>;

std::uint32_t big_endian(const Header& header, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(header[offset + i]);
  return value;
}

Failure<StoreError> failure(StoreError code, const std::string& path, const std::string& what) {
  return {code, path + ": " + what};
}

bool exists(sqlite3_vfs* vfs, const std::string& path) {
  int there = 0;
  return vfs->xAccess(vfs, path.c_str(), SQLITE_ACCESS_EXISTS, &there) == SQLITE_OK && there != 0;
}

// An open file of a VFS, without a connection.
class RawFile {
 public:
  RawFile(sqlite3_vfs* vfs, const std::string& path, int flags)
      // SQLite's own VFS wants a name with the framing that only this function makes.
      : name_(const_cast<char*>(sqlite3_create_filename(path.c_str(), "", "", 0, nullptr)), &free_name),
        memory_((static_cast<std::size_t>(vfs->szOsFile) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t)),
        file_(reinterpret_cast<sqlite3_file*>(memory_.data())) {
    file_->pMethods = nullptr;
    open_ = vfs->xOpen(vfs, name_.get(), file_, flags, nullptr) == SQLITE_OK;
  }
  RawFile(const RawFile&) = delete;
  RawFile& operator=(const RawFile&) = delete;
  ~RawFile() {
    if (file_->pMethods != nullptr) file_->pMethods->xClose(file_);
  }

  // As far as the file goes; false if it cannot be read.
  bool read(Header& header, sqlite3_int64& size) {
    if (!open_ || file_->pMethods->xFileSize(file_, &size) != SQLITE_OK) return false;
    const int got = file_->pMethods->xRead(file_, header.data(), static_cast<int>(header.size()), 0);
    return got == SQLITE_OK || got == SQLITE_IOERR_SHORT_READ;
  }

  bool write(std::string_view bytes, std::size_t offset) {
    return open_ && file_->pMethods->xWrite(file_, bytes.data(), static_cast<int>(bytes.size()),
                                            static_cast<sqlite3_int64>(offset)) == SQLITE_OK;
  }

  bool sync() { return open_ && file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL) == SQLITE_OK; }

  bool forget_cached_pages() {
    if (!open_ || file_->pMethods->xSync(file_, SQLITE_SYNC_NORMAL) != SQLITE_OK) return false;
    file_->pMethods->xFileControl(file_, kForgetCachedPages, nullptr);
    return true;
  }

 private:
  static void free_name(char* name) { sqlite3_free_filename(name); }

  std::unique_ptr<char, void (*)(char*)> name_;
  std::vector<std::max_align_t> memory_;
  sqlite3_file* file_;
  bool open_ = false;
};

bool is_ours(const Header& header) {
  return std::string_view(header.data(), kMagic.size()) == kMagic &&
         big_endian(header, kApplicationIdOffset) == kApplicationId;
}

bool is_empty(sqlite3_vfs* vfs, const std::string& path, int flag) {
  if (!exists(vfs, path)) return true;
  Header header{};
  sqlite3_int64 size = 1;
  RawFile(vfs, path, flag | SQLITE_OPEN_READONLY).read(header, size);
  return size == 0;
}

// The same for the platform's own VFS, which lends nobody its descriptors. Not for a file this process has open:
// closing any descriptor of a file drops the process's locks on it.
bool forget_cached_pages_of(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;  // Not there, or SQLite says why it cannot be read.
  const bool written = ::fsync(file) == 0;
  // Advice, but the only way there is; where the file system ignores it, nothing is lost that was not lost before.
  ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
  ::close(file);
  return written;
}

}  // namespace

Result<StateFile, StoreError> look_at_state_file(const std::string& path, const std::string& vfs_name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
  if (vfs == nullptr) return tl::unexpected(failure(StoreError::broken, path, "no such VFS: " + vfs_name));
  std::string full(static_cast<std::size_t>(vfs->mxPathname) + 1, '\0');
  if (vfs->xFullPathname(vfs, path.c_str(), static_cast<int>(full.size()), full.data()) > SQLITE_OK_SYMLINK) {
    return tl::unexpected(failure(StoreError::broken, path, "not a usable path"));
  }
  full.resize(std::strlen(full.c_str()));
  if (!exists(vfs, full)) return StateFile::missing;

  Header header{};
  sqlite3_int64 size = 0;
  // What cannot be read here is left to SQLite, which says why.
  if (!RawFile(vfs, full, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY).read(header, size) || size == 0) {
    return StateFile::plausible;
  }
  if (is_ours(header) || exists(vfs, full + "-wal") || exists(vfs, full + "-journal")) return StateFile::plausible;
  return StateFile::foreign;
}

void mend_header(const std::string& path, const std::string& vfs_name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
  if (vfs == nullptr || !exists(vfs, path)) return;
  Header header{};
  sqlite3_int64 size = 0;
  RawFile(vfs, path, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY).read(header, size);
  if (!is_ours(header)) return;
  const auto usual = [&](std::size_t offset) { return header[offset] == 1 || header[offset] == 2; };
  const bool versions = usual(kFormatVersionsOffset) && usual(kFormatVersionsOffset + 1);
  const auto page = static_cast<sqlite3_int64>(big_endian(header, kPageSizeOffset) >> 16);
  const sqlite3_int64 pages = big_endian(header, kPagesOffset);
  const bool believed = big_endian(header, kChangeCounterOffset) == big_endian(header, kPagesValidForOffset);
  const bool wrong =
      believed && pages * (page == 1 ? 65'536 : page) != size && is_empty(vfs, path + "-wal", SQLITE_OPEN_WAL);
  if (versions && !wrong) return;
  RawFile file(vfs, path, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READWRITE);
  if (!versions) file.write("\x02\x02", kFormatVersionsOffset);
  if (wrong) {
    std::string other(header.data() + kChangeCounterOffset, 4);
    other.back() = static_cast<char>(~other.back());
    file.write(other, kPagesValidForOffset);
  }
  file.sync();
}

Result<void, StoreError> forget_cached_pages(const std::string& path, const std::string& vfs_name) {
  sqlite3_vfs* vfs = sqlite3_vfs_find(vfs_name.empty() ? nullptr : vfs_name.c_str());
  if (vfs == nullptr) return {};  // Looking at the file says so.
  std::vector<std::pair<std::string, int>> files = {{path + "-wal", SQLITE_OPEN_WAL}};
  if (const std::string journal = path + "-journal"; exists(vfs, journal)) {
    // Only while the file is being made is there a rollback journal, and then the file is written without a WAL.
    files.emplace_back(journal, SQLITE_OPEN_MAIN_JOURNAL);
    files.emplace_back(path, SQLITE_OPEN_MAIN_DB);
  }
  for (const auto& [file, flag] : files) {
    const bool forgotten =
        vfs_name.empty() ? forget_cached_pages_of(file)
                         : !exists(vfs, file) || RawFile(vfs, file, flag | SQLITE_OPEN_READWRITE).forget_cached_pages();
    if (forgotten) continue;
    return tl::unexpected(
        failure(StoreError::broken, file,
                "cannot be written to the disk. Nothing was changed; everything acknowledged is there. "
                "Check the kernel's log and the disk, then start again."));
  }
  return {};
}

Result<void, StoreError> make_private_file(const std::string& path) {
  // Through open(2) and not through SQLite, whose new files are readable by everyone.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) {
    // An empty file counts as none, and may have been made by someone else.
    const bool ours = ::fchmod(file, 0600) == 0;
    ::close(file);
    if (ours) return {};
    return tl::unexpected(
        failure(StoreError::read_only, path, "belongs to another user. Nothing was changed. Remove it: it is empty."));
  }
  const int error = errno;
  const std::string reason = std::strerror(error);
  switch (error) {
    case EACCES:
    case EPERM:
    case EROFS:
      return tl::unexpected(failure(StoreError::read_only, path,
                                    "cannot be made (" + reason +
                                        "). Give the user of this process write permission "
                                        "to its folder."));
    case ENOENT:
    case ENOTDIR:
      return tl::unexpected(failure(StoreError::missing, path, "its folder does not exist. Make it."));
    case ENOSPC:
    case EDQUOT:
      return tl::unexpected(failure(StoreError::full, path, "cannot be made (" + reason + "). Make room."));
    case EISDIR:
      return tl::unexpected(failure(StoreError::not_ours, path, "is a folder. Name a file."));
    default:
      return tl::unexpected(failure(StoreError::broken, path, "cannot be made (" + reason + ")."));
  }
}

}  // namespace tidemark
