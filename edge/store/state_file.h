// The state file before SQLite opens it: whether it is there and whose it is, so that a file that is not ours is not
// touched, and a new one is not readable by everyone.
#pragma once

#include <cstdint>
#include <string>

#include "edge/bytes/result.h"
#include "edge/store/store.h"

namespace tidemark {

enum class StateFile : std::uint8_t {
  missing,    // or empty
  foreign,    // certainly not ours
  plausible,  // ours, or one that only SQLite can tell (a crash has left a journal or WAL beside it)
};

/// Reads the header through the VFS.
Result<StateFile, StoreError> look_at_state_file(const std::string& path, const std::string& vfs);

/// Makes an empty file that only its owner can read and write. SQLite gives the files beside it the same permissions.
Result<void, StoreError> make_private_file(const std::string& path);

/// Makes sure that what will be read of the WAL, of a rollback journal and of a file that has one is what is on the
/// disk. After a failed fsync Linux keeps the pages that were not written in its cache, marked clean: the next process
/// reads them, no later fsync writes them, and what is built on them is gone after a power cut. So: write what is still
/// to be written, then have the cache dropped.
Result<void, StoreError> forget_cached_pages(const std::string& path, const std::string& vfs);

/// Mends two fields of the header that a flipped bit changes unnoticed. The number of pages: SQLite believes it and
/// would write new pages over those behind it; made to look out of date, it is counted from the file's size. The
/// versions of the format: another number than 1 or 2 makes the file look read-only or foreign. Where it cannot be
/// mended, SQLite says why. Files with a WAL have their size from there.
void mend_header(const std::string& path, const std::string& vfs);

/// A file control for VFSs that can do the latter, for tests; SQLite leaves numbers above 100 to applications.
inline constexpr int kForgetCachedPages = 0x54494445;

}  // namespace tidemark
