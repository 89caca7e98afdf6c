// A disk in memory behind an SQLite VFS, with what real disks and kernels do to a process that dies or loses power.
//
// The model. Each file has what is durable and what the page cache shows; writes, truncations, new names and removed
// names are pending until a sync:
//  - a sync of a file makes its writes durable; the first sync of a new journal or WAL also syncs the folder, and so
//    does a removal that asks for it (as SQLite's own VFS for Unix does);
//  - at a power cut every pending change on its own is kept, lost, or torn: each of its 512-byte sectors old, new or
//    garbage. Without `powersafe_overwrite` a torn write also garbles its neighbours in the same sectors, and SQLite is
//    told so;
//  - a failed sync loses some pending writes for good: no later sync writes them. The page cache either still shows
//  them
//    (as on ext4) or forgets them;
//  - a full disk takes a write's beginning, or none of it.
// A killed process leaves the page cache as it is.
//
// Concurrency: one thread; locks are not modelled. Determinism: one seed, and the same calls, give the same history.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/seeded_random.h"

namespace tidemark::test {

class CrashDisk {
 public:
  static constexpr int kForgetCachedPages = 0x54494445;

  /// How often an operation fails with an I/O error, in a million.
  struct Faults {
    std::uint32_t read = 0;
    std::uint32_t write = 0;
    std::uint32_t sync = 0;
  };

  struct Counts {
    std::uint64_t operations = 0;
    std::uint64_t written_bytes = 0;
    std::uint64_t syncs = 0;
    std::uint64_t faults = 0;
    std::uint64_t refused = 0;  // for want of room
    std::uint64_t power_cuts = 0;
  };

  explicit CrashDisk(std::uint64_t seed, bool powersafe_overwrite = true);
  CrashDisk(const CrashDisk&) = delete;
  CrashDisk& operator=(const CrashDisk&) = delete;
  ~CrashDisk();

  /// For StoreOptions::vfs.
  [[nodiscard]] const std::string& vfs() const { return name_; }

  void set_faults(const Faults& faults) { faults_ = faults; }
  /// Bytes that all files together may take.
  void set_quota(std::uint64_t bytes) { quota_ = bytes; }
  /// The process dies in its `operations`-th operation from now; 0: it does not.
  void die_after(std::uint64_t operations) { dies_in_ = operations; }

  /// From now on every operation fails: the process does nothing any more.
  void kill() { dead_ = true; }
  [[nodiscard]] bool dead() const { return dead_; }
  /// A new process: files opened before stay dead.
  void restart();
  /// The machine loses power and comes back. Kills, too; `restart` follows.
  void power_cut();

  [[nodiscard]] std::uint64_t used() const;
  [[nodiscard]] const Counts& counts() const { return counts_; }
  /// Over all that was written and all that was chosen: equal for equal histories.
  [[nodiscard]] std::uint64_t history() const { return history_; }

  /// The bytes of a file as the page cache shows them; nullptr: no such file. For tests that damage it.
  std::string* contents(const std::string& name);
  [[nodiscard]] std::vector<std::string> names() const;
  /// A file that is there, durable, before anything starts.
  void put(const std::string& name, const std::string& bytes);

 private:
  friend struct CrashVfs;

  struct Change {
    bool truncation = false;
    std::size_t offset = 0;
    std::string bytes;
  };

  struct File {
    std::string durable;
    std::string shown;
    std::vector<Change> pending;
    bool syncs_folder = false;  // a new journal or WAL
  };

  using Folder = std::map<std::string, std::shared_ptr<File>>;

  static void apply(std::string& bytes, const Change& change);
  void tear(std::string& durable, const Change& change);
  bool operate();
  bool fails(std::uint32_t in_a_million);
  void mix(std::uint64_t value) { history_ = (history_ ^ value) * 0x100000001b3u; }

  std::shared_ptr<File> open(const std::string& name, int flags);
  int read(const File& file, void* to, std::size_t size, std::size_t offset);
  int write(File& file, const void* from, std::size_t size, std::size_t offset);
  int truncate(File& file, std::size_t size);
  int sync(File& file);
  static void forget_cached_pages(File& file);
  int remove(const std::string& name, bool sync_folder);

  SeededRandom random_;
  const bool powersafe_overwrite_;
  std::string name_;
  sqlite3_vfs vfs_{};
  Folder folder_;
  Folder durable_folder_;
  Faults faults_;
  std::uint64_t quota_ = UINT64_MAX;
  std::uint64_t dies_in_ = 0;
  bool dead_ = false;
  bool dying_ = false;  // in the operation that is the last one
  std::uint64_t boot_ = 0;
  Counts counts_;
  std::uint64_t history_ = 0xcbf29ce484222325u;
};

}  // namespace tidemark::test
