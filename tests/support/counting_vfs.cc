#include "tests/support/counting_vfs.h"

namespace tidemark::test {

// The C side: every call goes on to the platform's VFS, whose file lies behind ours in the memory SQLite gives.
struct CountingShim {
  struct Handle {
    sqlite3_file base;
    CountingVfs::Counts* counts;
    bool syncs;
  };

  static CountingVfs& counting(sqlite3_vfs* vfs) { return *static_cast<CountingVfs*>(vfs->pAppData); }
  static CountingVfs::Counts& counts(sqlite3_file* file) { return *reinterpret_cast<Handle*>(file)->counts; }
  static sqlite3_file* real(sqlite3_file* file) {
    return reinterpret_cast<sqlite3_file*>(reinterpret_cast<Handle*>(file) + 1);
  }

  static int close(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }
  static int read(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    return real(file)->pMethods->xRead(real(file), to, size, offset);
  }
  static int write(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    counts(file).writes += 1;
    counts(file).bytes += static_cast<std::uint64_t>(size);
    return real(file)->pMethods->xWrite(real(file), from, size, offset);
  }
  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    return real(file)->pMethods->xTruncate(real(file), size);
  }
  static int sync(sqlite3_file* file, int flags) {
    counts(file).syncs += 1;
    if (!reinterpret_cast<Handle*>(file)->syncs) return SQLITE_OK;
    return real(file)->pMethods->xSync(real(file), flags);
  }
  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    return real(file)->pMethods->xFileSize(real(file), size);
  }
  static int lock(sqlite3_file* file, int level) { return real(file)->pMethods->xLock(real(file), level); }
  static int unlock(sqlite3_file* file, int level) { return real(file)->pMethods->xUnlock(real(file), level); }
  static int check_reserved(sqlite3_file* file, int* reserved) {
    return real(file)->pMethods->xCheckReservedLock(real(file), reserved);
  }
  static int control(sqlite3_file* file, int operation, void* argument) {
    return real(file)->pMethods->xFileControl(real(file), operation, argument);
  }
  static int sector_size(sqlite3_file* file) { return real(file)->pMethods->xSectorSize(real(file)); }
  static int characteristics(sqlite3_file* file) { return real(file)->pMethods->xDeviceCharacteristics(real(file)); }

  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    file->pMethods = nullptr;
    CountingVfs& self = counting(vfs);
    const int opened = self.base_->xOpen(self.base_, name, real(file), flags, out_flags);
    if (real(file)->pMethods == nullptr) return opened;
    reinterpret_cast<Handle*>(file)->counts = (flags & SQLITE_OPEN_MAIN_DB) != 0 ? &self.database_
                                              : (flags & SQLITE_OPEN_WAL) != 0   ? &self.wal_
                                                                                 : &self.other_;
    reinterpret_cast<Handle*>(file)->syncs = self.syncs_;
    file->pMethods = &kMethods;
    return opened;
  }
  static int remove(sqlite3_vfs* vfs, const char* name, int sync_folder) {
    return counting(vfs).base_->xDelete(counting(vfs).base_, name, sync_folder);
  }
  static int access(sqlite3_vfs* vfs, const char* name, int flags, int* there) {
    return counting(vfs).base_->xAccess(counting(vfs).base_, name, flags, there);
  }
  static int full_path(sqlite3_vfs* vfs, const char* name, int size, char* to) {
    return counting(vfs).base_->xFullPathname(counting(vfs).base_, name, size, to);
  }
  static int randomness(sqlite3_vfs* vfs, int size, char* to) {
    return counting(vfs).base_->xRandomness(counting(vfs).base_, size, to);
  }
  static int sleep(sqlite3_vfs* vfs, int microseconds) {
    return counting(vfs).base_->xSleep(counting(vfs).base_, microseconds);
  }
  static int current_time(sqlite3_vfs* vfs, double* julian_days) {
    return counting(vfs).base_->xCurrentTime(counting(vfs).base_, julian_days);
  }
  static int last_error(sqlite3_vfs* vfs, int size, char* to) {
    return counting(vfs).base_->xGetLastError(counting(vfs).base_, size, to);
  }

  // Version 1: no shared memory and no memory mapping. The store needs neither.
  static constexpr sqlite3_io_methods kMethods = {
      1,       close,          read,    write,       truncate,        sync,    file_size, lock,
      unlock,  check_reserved, control, sector_size, characteristics, nullptr, nullptr,   nullptr,
      nullptr, nullptr,        nullptr};
};

CountingVfs::CountingVfs(bool syncs) : syncs_(syncs), base_(sqlite3_vfs_find(nullptr)) {
  static std::uint64_t count = 0;
  name_ = "counting-" + std::to_string(++count);
  vfs_.iVersion = 1;
  vfs_.szOsFile = static_cast<int>(sizeof(CountingShim::Handle)) + base_->szOsFile;
  vfs_.mxPathname = base_->mxPathname;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = CountingShim::open;
  vfs_.xDelete = CountingShim::remove;
  vfs_.xAccess = CountingShim::access;
  vfs_.xFullPathname = CountingShim::full_path;
  vfs_.xRandomness = CountingShim::randomness;
  vfs_.xSleep = CountingShim::sleep;
  vfs_.xCurrentTime = CountingShim::current_time;
  vfs_.xGetLastError = CountingShim::last_error;
  sqlite3_vfs_register(&vfs_, 0);
}

CountingVfs::~CountingVfs() {
  sqlite3_vfs_unregister(&vfs_);
}

}  // namespace tidemark::test
