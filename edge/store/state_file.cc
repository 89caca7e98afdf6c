#include "edge/store/state_file.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "edge/store/schema.h"

namespace tidemark {
namespace {

// https://www.sqlite.org/fileformat2.html, section 1.3.
constexpr std::string_view kMagic("SQLite format 3\0", 16);
constexpr std::size_t kHeaderBytes = 100;
constexpr std::size_t kApplicationIdOffset = 68;

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

// Reads the header as far as the file goes; false if the file cannot be read.
bool read_header(sqlite3_vfs* vfs, const std::string& path, Header& header, sqlite3_int64& size) {
  // SQLite's own VFS wants a name with the framing that only this function makes.
  const std::unique_ptr<char, void (*)(char*)> name(
      const_cast<char*>(sqlite3_create_filename(path.c_str(), "", "", 0, nullptr)),
      [](char* framed) { sqlite3_free_filename(framed); });
  const auto words =
      (static_cast<std::size_t>(vfs->szOsFile) + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t);
  std::vector<std::max_align_t> memory(words);
  auto* file = reinterpret_cast<sqlite3_file*>(memory.data());
  file->pMethods = nullptr;
  if (vfs->xOpen(vfs, name.get(), file, SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_READONLY, nullptr) != SQLITE_OK) {
    return false;
  }
  const int sized = file->pMethods->xFileSize(file, &size);
  const int got = file->pMethods->xRead(file, header.data(), static_cast<int>(header.size()), 0);
  file->pMethods->xClose(file);
  return sized == SQLITE_OK && (got == SQLITE_OK || got == SQLITE_IOERR_SHORT_READ);
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
  if (!read_header(vfs, full, header, size) || size == 0) return StateFile::plausible;
  const bool ours = std::string_view(header.data(), kMagic.size()) == kMagic &&
                    big_endian(header, kApplicationIdOffset) == kApplicationId;
  if (ours || exists(vfs, full + "-wal") || exists(vfs, full + "-journal")) return StateFile::plausible;
  return StateFile::foreign;
}

Result<void, StoreError> make_private_file(const std::string& path) {
  // Through open(2) and not through SQLite, whose new files are readable by everyone.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file >= 0) {
    ::close(file);
    return {};
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
