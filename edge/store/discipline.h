// The rules by which the store writes. They were found by simulated power cuts, and each one was needed.
#pragma once

#include <cstdint>

namespace tidemark {

/// Data only so that a test can leave a rule out and see the simulation find it: everything else takes them as they
/// are.
struct Discipline {
  /// Of commits and of checkpoints.
  const char* synchronous = "EXTRA";
  /// The WAL is read from the disk, not from the page cache, which after a failed fsync shows what was never written.
  bool forget_cache_at_open = true;
  /// A checkpoint must succeed before the first commit after a start: until then the commits of the process before may
  /// stand only in a WAL that ends in torn frames.
  bool checkpoint_at_open = true;
  /// An error of a checkpoint ends the process: after a failed fsync the next one may succeed without the data.
  bool checkpoint_errors_are_fatal = true;
  /// After an I/O error the file is not closed: a close checkpoints what may never have reached the disk.
  bool abandon_when_broken = true;
  /// The smallest: a commit of a few kilobytes writes the fewest bytes (docs/formats/state.md).
  std::uint32_t page_bytes = 512;
};

}  // namespace tidemark
