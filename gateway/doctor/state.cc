#include "gateway/doctor/state.h"

#include <fmt/format.h>

#include <array>

#include "gateway/config/units.h"
#include "gateway/doctor/clock.h"
#include "gateway/pipeline/state_owner.h"

namespace tidemark::doctor {
namespace {

using FileSystem = PlaceFacts::FileSystem;

/// The log leaves later than retention says while rows wait for their trim: a commit takes a few at a time.
constexpr Duration kTrimMargin = hours(1);

Duration median(const std::vector<Duration>& sorted) {
  return sorted[sorted.size() / 2];
}

double in_milliseconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e6;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
}

/// The least usual commit_delay that is at least twice what a sync takes.
Duration suited_delay(Duration sync) {
  constexpr std::array kUsual = {milliseconds(100), milliseconds(200), milliseconds(500),
                                 seconds(1),        seconds(2),        seconds(5)};
  for (const Duration usual : kUsual) {
    if (usual.ns >= 2 * sync.ns) return usual;
  }
  return seconds(10);
}

void judge_file_system(const PlaceFacts& place, Report& report) {
  const std::string folder = folder_of(place.path);
  switch (place.kind) {
    case FileSystem::durable:
      break;
    case FileSystem::memory:
      report.error(fmt::format("{} is on {}: it lies in memory, and everything acknowledged is gone with the power",
                               folder, place.file_system),
                   "set gateway.state to a folder on a disk, a card or eMMC");
      break;
    case FileSystem::layered:
      report.warning(
          fmt::format("{} is on {}: a container's own layer goes with the container, and a root kept in memory "
                      "with the power",
                      folder, place.file_system),
          "give the service a volume (or a partition of its own) for gateway.state");
      break;
    case FileSystem::network:
      report.warning(
          fmt::format("{} is on {}: what is synced there, and whether its locks hold, is the server's business", folder,
                      place.file_system),
          "set gateway.state to a folder on a disk of this machine");
      break;
  }
}

/// Whether the file is there and may be used. False: nothing more can be said of it.
bool judge_access(const PlaceFacts& place, bool running, Report& report) {
  const std::string folder = folder_of(place.path);
  if (!place.folder_error.empty()) {
    if (running || place.folder_error != "No such file or directory") {
      report.error(fmt::format("{} cannot be used: {}", folder, place.folder_error),
                   "make it, and give it to the user of the service");
    } else {
      report.warning(fmt::format("{} is not there yet: the first start makes it, if it may", folder),
                     "make it, and give it to the user of the service");
    }
    return false;
  }
  if (place.read_only) {
    report.error(fmt::format("{} is mounted read-only", folder),
                 "mount it for writing; if the kernel has turned it read-only, its disk fails: see dmesg");
  } else if (!place.folder_writable || (place.file_there && !place.file_writable)) {
    report.error(
        fmt::format("{} cannot be written by this user (it belongs to {})", place.folder_writable ? place.path : folder,
                    place.owner),
        "run the doctor as the user of the service; if it is the user of the service, give it the file and its "
        "folder (chown)");
  }
  if (running && !place.file_there && !place.file_hidden) {
    report.error(
        fmt::format("{} is not there, though an appliance runs: it was removed under it, or the appliance was "
                    "started with another gateway.state",
                    place.path),
        "if it was removed, stop the appliance with SIGTERM and start it: what the broker holds comes again, the "
        "log is lost unless Kafka has it");
  }
  return true;
}

void judge_room(const PlaceFacts& place, const ContentFacts& content, const StateBounds& bounds, Report& report) {
  const std::uint64_t free = place.free_bytes;
  const std::string reserve = format_size(bounds.disk_reserve);
  if (place.free_files == 0) {
    report.error("the file system has no room for another file (inodes)", "remove small files on it");
  }
  if (free < bounds.disk_reserve) {
    report.error(fmt::format("{} are free on {}, and below limits.disk_reserve ({}) nothing is acknowledged",
                             approximate_size(free), place.file_system, reserve),
                 "make room: it goes on unaided; or move gateway.state to a larger disk");
    return;
  }
  const std::uint64_t used = content.figures ? content.figures->file_bytes + content.figures->wal_bytes : 0;
  const std::uint64_t growth = bounds.greatest_file > used ? bounds.greatest_file - used : 0;
  if (free - bounds.disk_reserve < growth) {
    report.warning(fmt::format("{} are free on {}: the state file may grow by {} more (store.max_size {}), and at "
                               "limits.disk_reserve ({}) nothing is acknowledged",
                               approximate_size(free), place.file_system, approximate_size(growth),
                               format_size(bounds.max_size), reserve),
                   "make room, or lower store.max_size");
    return;
  }
  report.ok(fmt::format("{} on {}, {} free, {} of them held in reserve", place.path, place.file_system,
                        approximate_size(free), reserve));
}

void judge_syncs(const PlaceFacts& place, const StateBounds& bounds, Report& report) {
  if (!place.sync_error.empty()) {
    report.error(fmt::format("a few KiB beside the state file could not be synced: {}", place.sync_error),
                 "make room if there is none; else see the kernel's log (dmesg): the disk may fail");
  }
  if (place.syncs.empty()) return;
  const Duration usual = median(place.syncs);
  const std::string measured = fmt::format("fsync takes {:.1f} ms, at most {:.1f} of {}", in_milliseconds(usual),
                                           in_milliseconds(place.syncs.back()), place.syncs.size());
  const Duration suited = suited_delay(usual);
  if (bounds.commit_delay.ns > 0 && 2 * usual.ns > bounds.commit_delay.ns) {
    report.warning(fmt::format("{}: store.commit_delay = {} keeps the disk busy with nothing but syncs", measured,
                               format_duration(bounds.commit_delay)),
                   fmt::format("raise store.commit_delay to {}, or use a faster disk", format_duration(suited)));
    return;
  }
  report.ok(fmt::format("{}: that suits store.commit_delay = {}", measured, format_duration(bounds.commit_delay)));
}

void judge_content(const ContentFacts& content, const StateBounds& bounds, ArrivalTime now, Report& report) {
  const StoreFigures& figures = *content.figures;
  if (content.owner && *content.owner != bounds.gateway) {
    report.error(
        fmt::format("it is the state of gateway \"{}\", and gateway.id is \"{}\"", *content.owner, bounds.gateway),
        fmt::format("name another file as gateway.state, or write gateway.id = \"{}\"", *content.owner));
  }
  std::string log = fmt::format("{} events in the log, {} of at most {}", figures.log_rows,
                                approximate_size(figures.log_bytes), format_size(bounds.max_size));
  if (content.oldest) log += fmt::format(", the oldest of {}", date_text(*content.oldest));
  log += fmt::format("; {} rejected payloads kept", figures.dead_letters);
  if (figures.dead_letters_dropped > 0) log += fmt::format(", {} dropped", figures.dead_letters_dropped);
  // 0 says that the log is not bounded by age there.
  const bool late =
      content.oldest && now - *content.oldest > Duration{saturating_add(bounds.retention.ns, kTrimMargin.ns)};
  if (figures.log_bytes >= bounds.max_size) {
    report.error(log + ": it is full, and nothing is acknowledged",
                 bounds.kafka ? "see Kafka below: what it has not acknowledged stays; or raise store.max_size"
                              : "raise store.max_size, or lower store.retention");
  } else if (figures.log_bytes / 10 >= bounds.max_size / 10 / 10 * 9) {
    report.warning(log + ": at the limit nothing is acknowledged",
                   bounds.kafka ? "see Kafka below: what it has not acknowledged stays; or raise store.max_size"
                                : "raise store.max_size, or lower store.retention");
  } else if (late) {
    report.warning(fmt::format("{}: that is more than store.retention = {}", log, format_duration(bounds.retention)),
                   bounds.kafka ? "see Kafka below: what it has not acknowledged stays"
                                : "see the clock above; a running appliance trims the log within the hour");
  } else {
    report.ok(log);
  }
  if (figures.damaged_rows > 0) {
    report.warning(
        fmt::format("{} rows were damaged and set aside; the ledger counts their readings", figures.damaged_rows),
        "look at the disk (dmesg, smartctl) and at the power supply; the rows are kept in the table `damaged`");
  }
}

}  // namespace

Findings judge_state(const PlaceFacts& place, const ContentFacts& content, const StateBounds& bounds, ArrivalTime now,
                     bool running) {
  Report report("state");
  if (!judge_access(place, running, report)) return report.take();
  judge_file_system(place, report);
  judge_room(place, content, bounds, report);
  judge_syncs(place, bounds, report);
  if (content.figures) {
    judge_content(content, bounds, now, report);
  } else if (!running && !place.file_hidden && (!place.file_there || content.trouble_code == StoreError::missing)) {
    report.ok(fmt::format("{} is not there yet, or empty: the first start makes it", place.path));
    return report.take();
  }
  if (!content.trouble.empty() && place.file_there) {
    report.error(content.trouble, content.trouble_code == StoreError::in_use
                                      ? "see the appliance above"
                                      : "do what it says: an appliance would not start with it as it is");
  }
  return report.take();
}

}  // namespace tidemark::doctor
