// The platform's own file system behind an SQLite VFS that counts what is written and synced, by kind of file.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace tidemark::test {

class CountingVfs {
 public:
  struct Counts {
    std::uint64_t writes = 0;
    std::uint64_t bytes = 0;
    std::uint64_t syncs = 0;
  };

  /// Without `syncs` they are only counted, which is quicker.
  explicit CountingVfs(bool syncs = true);
  CountingVfs(const CountingVfs&) = delete;
  CountingVfs& operator=(const CountingVfs&) = delete;
  ~CountingVfs();

  /// For StoreOptions::vfs.
  [[nodiscard]] const std::string& vfs() const { return name_; }

  [[nodiscard]] const Counts& database() const { return database_; }
  [[nodiscard]] const Counts& wal() const { return wal_; }
  [[nodiscard]] std::uint64_t bytes() const { return database_.bytes + wal_.bytes + other_.bytes; }
  [[nodiscard]] std::uint64_t syncs() const { return database_.syncs + wal_.syncs + other_.syncs; }
  void start_over() { database_ = wal_ = other_ = {}; }

 private:
  friend struct CountingShim;

  const bool syncs_;
  sqlite3_vfs* const base_;
  std::string name_;
  sqlite3_vfs vfs_{};
  Counts database_;
  Counts wal_;
  Counts other_;
};

}  // namespace tidemark::test
