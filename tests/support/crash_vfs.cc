#include "tests/support/crash_vfs.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace tidemark::test {
namespace {

constexpr std::size_t kSector = 512;
constexpr std::uint64_t kMillion = 1'000'000;

}  // namespace

// The C side: what SQLite calls, and the open files it holds.
struct CrashVfs {
  struct Handle {
    sqlite3_file base;
    CrashDisk* disk;
    std::uint64_t boot;
    std::shared_ptr<CrashDisk::File>* file;
  };

  static Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file); }
  static CrashDisk& disk(sqlite3_vfs* vfs) { return *static_cast<CrashDisk*>(vfs->pAppData); }
  // A file of a process that is gone.
  static bool stale(const Handle& handle) { return handle.boot != handle.disk->boot_; }

  static int close(sqlite3_file* file) {
    delete handle(file).file;
    return SQLITE_OK;
  }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    Handle& h = handle(file);
    if (stale(h)) return SQLITE_IOERR_READ;
    return h.disk->read(**h.file, to, static_cast<std::size_t>(size), static_cast<std::size_t>(offset));
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    Handle& h = handle(file);
    if (stale(h)) return SQLITE_IOERR_WRITE;
    return h.disk->write(**h.file, from, static_cast<std::size_t>(size), static_cast<std::size_t>(offset));
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    Handle& h = handle(file);
    return stale(h) ? SQLITE_IOERR_TRUNCATE : h.disk->truncate(**h.file, static_cast<std::size_t>(size));
  }
  static int sync(sqlite3_file* file, int) {
    Handle& h = handle(file);
    return stale(h) ? SQLITE_IOERR_FSYNC : h.disk->sync(**h.file);
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>((*handle(file).file)->shown.size());
    return SQLITE_OK;
  }
  static int lock(sqlite3_file*, int) { return SQLITE_OK; }
  static int check_reserved(sqlite3_file*, int* reserved) {
    *reserved = 0;
    return SQLITE_OK;
  }
  static int control(sqlite3_file* file, int operation, void*) {
    if (operation != CrashDisk::kForgetCachedPages) return SQLITE_NOTFOUND;
    CrashDisk::forget_cached_pages(**handle(file).file);
    return SQLITE_OK;
  }
  static int sector_size(sqlite3_file*) { return static_cast<int>(kSector); }
  static int characteristics(sqlite3_file* file) {
    return handle(file).disk->powersafe_overwrite_ ? SQLITE_IOCAP_POWERSAFE_OVERWRITE : 0;
  }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    Handle& h = handle(file);
    h.base.pMethods = nullptr;
    auto opened = disk(vfs).open(name == nullptr ? "temporary" : name, flags);
    if (!opened) return SQLITE_CANTOPEN;
    h.disk = &disk(vfs);
    h.boot = disk(vfs).boot_;
    h.file = new std::shared_ptr<CrashDisk::File>(std::move(opened));
    h.base.pMethods = &kMethods;
    if (out_flags != nullptr) *out_flags = flags;
    return SQLITE_OK;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    return disk(vfs).remove(name, sync_folder != 0);
  }
  static int access(sqlite3_vfs* vfs, const char* name, int, int* there) {
    *there = disk(vfs).folder_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }
  static int full_path(sqlite3_vfs*, const char* name, int size, char* to) {
    sqlite3_snprintf(size, to, "%s", name);
    return SQLITE_OK;
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* to) {
    for (int i = 0; i < size; ++i) to[i] = static_cast<char>(disk(vfs).random_.next());
    return size;
  }
  static int sleep(sqlite3_vfs*, int microseconds) { return microseconds; }
  static int current_time(sqlite3_vfs*, double* julian_days) {
    *julian_days = 2460000.5;
    return SQLITE_OK;
  }
  static int last_error(sqlite3_vfs*, int, char*) { return 0; }

  // Version 1: no shared memory and no memory mapping. The store needs neither.
  static constexpr sqlite3_io_methods kMethods = {
      1,       close,          read,    write,       truncate,        sync,    file_size, lock,
      lock,    check_reserved, control, sector_size, characteristics, nullptr, nullptr,   nullptr,
      nullptr, nullptr,        nullptr};
};

CrashDisk::CrashDisk(std::uint64_t seed, bool powersafe_overwrite)
    : random_(seed), powersafe_overwrite_(powersafe_overwrite) {
  static std::uint64_t count = 0;
  name_ = "crash-" + std::to_string(++count);
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(CrashVfs::Handle);
  vfs_.mxPathname = 256;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = CrashVfs::open;
  vfs_.xDelete = CrashVfs::remove;
  vfs_.xAccess = CrashVfs::access;
  vfs_.xFullPathname = CrashVfs::full_path;
  vfs_.xRandomness = CrashVfs::randomness;
  vfs_.xSleep = CrashVfs::sleep;
  vfs_.xCurrentTime = CrashVfs::current_time;
  vfs_.xGetLastError = CrashVfs::last_error;
  sqlite3_vfs_register(&vfs_, 0);
  // SQLite draws the WAL's salts from a generator of the whole process.
  sqlite3_test_control(SQLITE_TESTCTRL_PRNG_SEED, static_cast<int>(seed % 0x7fffffff) + 1, nullptr);
}

CrashDisk::~CrashDisk() {
  sqlite3_vfs_unregister(&vfs_);
}

void CrashDisk::apply(std::string& bytes, const Change& change) {
  if (change.truncation) {
    bytes.resize(change.offset);
    return;
  }
  if (bytes.size() < change.offset + change.bytes.size()) bytes.resize(change.offset + change.bytes.size());
  std::copy(change.bytes.begin(), change.bytes.end(), bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
}

void CrashDisk::tear(std::string& durable, const Change& change) {
  const bool garbles = random_.chance(1, 2);
  const std::size_t end = change.offset + change.bytes.size();
  for (std::size_t sector = change.offset / kSector * kSector; sector < end; sector += kSector) {
    const std::uint64_t fate = random_.below(garbles ? 3 : 2);
    if (fate == 0) continue;
    const std::size_t from = std::max(sector, change.offset);
    const std::size_t to = std::min(sector + kSector, end);
    Change part{false, from, change.bytes.substr(from - change.offset, to - from)};
    if (fate == 2) {
      if (!powersafe_overwrite_) part = {false, sector, std::string(kSector, '\0')};
      for (char& byte : part.bytes) byte = static_cast<char>(random_.next());
    }
    apply(durable, part);
  }
}

void CrashDisk::power_cut() {
  counts_.power_cuts += 1;
  dead_ = true;
  for (const auto& [name, file] : folder_) {
    const auto durable = durable_folder_.find(name);
    const bool synced = durable != durable_folder_.end() && durable->second == file;
    if (!synced && random_.chance(1, 2)) durable_folder_[name] = file;
  }
  std::erase_if(durable_folder_,
                [&](const auto& entry) { return !folder_.contains(entry.first) && random_.chance(1, 2); });
  folder_ = durable_folder_;
  for (const auto& [name, file] : folder_) {
    for (const Change& change : file->pending) {
      const std::uint64_t fate = random_.below(8);
      if (fate < 3) {
        apply(file->durable, change);
      } else if (fate >= 6 && !change.truncation) {
        tear(file->durable, change);
      }
    }
    file->pending.clear();
    file->shown = file->durable;
    mix(file->shown.size());
  }
}

void CrashDisk::restart() {
  dead_ = false;
  dying_ = false;
  dies_in_ = 0;
  boot_ += 1;
}

std::uint64_t CrashDisk::used() const {
  std::uint64_t bytes = 0;
  for (const auto& [name, file] : folder_) bytes += file->shown.size();
  return bytes;
}

std::string* CrashDisk::contents(const std::string& name) {
  const auto found = folder_.find(name);
  return found == folder_.end() ? nullptr : &found->second->shown;
}

void CrashDisk::put(const std::string& name, const std::string& bytes) {
  auto file = std::make_shared<File>();
  file->durable = file->shown = bytes;
  folder_[name] = durable_folder_[name] = file;
}

std::vector<std::string> CrashDisk::names() const {
  std::vector<std::string> names;
  for (const auto& [name, file] : folder_) names.push_back(name);
  return names;
}

// False: the process is dead, or dies here. A write it dies in has reached the page cache, as far as it got.
bool CrashDisk::operate() {
  counts_.operations += 1;
  dying_ = false;
  if (dead_) return false;
  if (dies_in_ > 0 && --dies_in_ == 0) {
    dead_ = true;
    dying_ = true;
    return false;
  }
  return true;
}

bool CrashDisk::fails(std::uint32_t in_a_million) {
  if (in_a_million == 0 || !random_.chance(in_a_million, kMillion)) return false;
  counts_.faults += 1;
  return true;
}

std::shared_ptr<CrashDisk::File> CrashDisk::open(const std::string& name, int flags) {
  if (!operate()) return nullptr;
  const auto found = folder_.find(name);
  if (found != folder_.end()) return found->second;
  if ((flags & SQLITE_OPEN_CREATE) == 0) return nullptr;
  auto file = std::make_shared<File>();
  file->syncs_folder = (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_WAL)) != 0;
  folder_[name] = file;
  return file;
}

int CrashDisk::read(const File& file, void* to, std::size_t size, std::size_t offset) {
  if (!operate() || fails(faults_.read)) return SQLITE_IOERR_READ;
  const std::size_t there = offset < file.shown.size() ? std::min(size, file.shown.size() - offset) : 0;
  auto* bytes = static_cast<char*>(to);
  if (there > 0) std::memcpy(bytes, file.shown.data() + offset, there);
  if (there == size) return SQLITE_OK;
  std::memset(bytes + there, 0, size - there);
  return SQLITE_IOERR_SHORT_READ;
}

int CrashDisk::write(File& file, const void* from, std::size_t size, std::size_t offset) {
  const bool alive = operate();
  if (!alive && !dying_) return SQLITE_IOERR_WRITE;
  if (alive && fails(faults_.write)) return SQLITE_IOERR_WRITE;
  int result = alive ? SQLITE_OK : SQLITE_IOERR_WRITE;
  const std::uint64_t taken = used();
  const std::uint64_t growth = offset + size > file.shown.size() ? offset + size - file.shown.size() : 0;
  if (growth > 0 && taken + growth > quota_) {
    counts_.refused += 1;
    result = SQLITE_FULL;
    const std::uint64_t room = quota_ > taken ? quota_ - taken : 0;
    const std::uint64_t end = file.shown.size() + room;
    size = random_.chance(1, 2) && end > offset ? static_cast<std::size_t>(end - offset) : 0;
    if (size == 0) return result;
  }
  Change change{false, offset, std::string(static_cast<const char*>(from), size)};
  apply(file.shown, change);
  file.pending.push_back(std::move(change));
  counts_.written_bytes += size;
  mix(offset * 31 + size);
  return result;
}

int CrashDisk::truncate(File& file, std::size_t size) {
  if (!operate() || fails(faults_.write)) return SQLITE_IOERR_TRUNCATE;
  Change change{true, size, {}};
  apply(file.shown, change);
  file.pending.push_back(std::move(change));
  return SQLITE_OK;
}

int CrashDisk::sync(File& file) {
  counts_.syncs += 1;
  if (!operate()) return SQLITE_IOERR_FSYNC;
  if (fails(faults_.sync)) {
    for (const Change& change : file.pending) {
      if (random_.chance(1, 2)) apply(file.durable, change);
    }
    file.pending.clear();
    if (random_.chance(1, 2)) file.shown = file.durable;
    return SQLITE_IOERR_FSYNC;
  }
  for (const Change& change : file.pending) apply(file.durable, change);
  file.pending.clear();
  if (std::exchange(file.syncs_folder, false)) durable_folder_ = folder_;
  return SQLITE_OK;
}

void CrashDisk::forget_cached_pages(File& file) {
  file.shown = file.durable;
  for (const Change& change : file.pending) apply(file.shown, change);
}

int CrashDisk::remove(const std::string& name, bool sync_folder) {
  if (!operate()) return SQLITE_IOERR_DELETE;
  folder_.erase(name);
  if (sync_folder) durable_folder_ = folder_;
  return SQLITE_OK;
}

}  // namespace tidemark::test
