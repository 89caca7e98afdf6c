// The state file and the file system it lies on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/store.h"
#include "gateway/doctor/finding.h"
#include "gateway/doctor/metrics_text.h"
#include "gateway/log/log_source.h"

namespace tidemark::doctor {

/// The folder of the state file, seen from outside.
struct PlaceFacts {
  enum class FileSystem : std::uint8_t {
    durable,  // or none that is known to be otherwise
    memory,   // tmpfs, ramfs: gone with the power
    layered,  // overlayfs: a container's own layer, or a root that is kept in memory
    network,  // NFS, SMB, FUSE, 9P: locks and fsync are the server's business
  };
  std::string path;          // of the state file
  std::string folder_error;  // why the folder cannot be used; empty: it is there
  std::string file_system;   // "ext4"
  FileSystem kind = FileSystem::durable;
  bool read_only = false;  // mounted so
  bool folder_writable = false;
  bool file_there = false;
  bool file_hidden = false;  // whether it is there may not be seen
  bool file_writable = false;
  bool as_root = false;  // who may write everything, so the two above say nothing
  std::string owner;     // of the file, or of the folder
  std::uint64_t free_bytes = 0;
  std::uint64_t free_files = 1;  // inodes; file systems without a limit say 0 of 0, which is 1 here
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::vector<Duration> syncs;  // how long fsyncs of a few KiB took, sorted; empty: not measured
  std::string sync_error;
};

/// Syncs a few KiB to a file of no name in the folder, at most for a second. Leaves nothing behind.
PlaceFacts look_at_place(const std::string& path);

/// What stands in the file: from the running appliance's metrics, or read from the file itself.
struct ContentFacts {
  std::optional<StoreFigures> figures;
  std::string trouble;  // why it could not be read; empty with figures
  StoreError trouble_code = StoreError::broken;
  std::optional<std::string> owner;   // the gateway it belongs to, where it was read
  std::string contact;                // with Kafka, as the uplink keeps it; empty: none yet, or not read
  std::optional<ArrivalTime> oldest;  // event of the log
  std::optional<ArrivalTime> newest;
};

/// The file opened as `tidemark inspect` does, and closed. Only while nobody holds it. Never makes one.
ContentFacts read_content(const std::string& path);

ContentFacts content_of(const Metrics& metrics);

/// Oldest and newest of a running appliance's log. Blocks as `log` does.
void read_log_times(LogSource& log, ContentFacts& facts);

/// Of the configuration.
struct StateBounds {
  std::string gateway;
  std::uint64_t max_size = 0;       // of the log
  std::uint64_t dead_letters = 0;   // bytes
  std::uint64_t disk_reserve = 0;   // bytes
  std::uint64_t greatest_file = 0;  // bytes: file and WAL at their bounds
  Duration retention{};
  Duration commit_delay{};
  bool kafka = false;
};

/// `running`: an appliance answers, so that a file must be there.
Findings judge_state(const PlaceFacts& place, const ContentFacts& content, const StateBounds& bounds, ArrivalTime now,
                     bool running);

}  // namespace tidemark::doctor
