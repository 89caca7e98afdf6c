#include "gateway/replay/proof.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <limits>

#include "edge/bytes/byte_writer.h"
#include "gateway/replay/series_key.h"

namespace tidemark {
namespace {

std::string epoch_name(std::uint64_t epoch) {
  return fmt::format("epoch {:016x}", epoch);
}

std::string range(std::string_view what, std::uint64_t first, std::uint64_t last) {
  return first == last ? fmt::format("{} {} is", what, first) : fmt::format("{}s {} to {} are", what, first, last);
}

std::string source_name(const std::string& gateway, const std::string& stream, const std::string& source) {
  if (stream.empty()) return "gateway " + gateway;
  if (source.empty()) return fmt::format("stream \"{}\"", stream);
  return fmt::format("stream \"{}\", source \"{}\"", stream, source);
}

const std::map<std::string, Counter, std::less<>>& counters_by_name() {
  static const auto counters = [] {
    std::map<std::string, Counter, std::less<>> all;
    for (unsigned code = 0; code < 256; ++code) {
      const auto counter = static_cast<Counter>(code);
      if (is_counter(static_cast<std::uint8_t>(code))) all[name_of(counter)] = counter;
    }
    return all;
  }();
  return counters;
}

// The first bytes of SHA-256 over what an event says came before it and the event: enough to tell two events apart.
std::uint64_t content_of(const Digest& extended) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = (value << 8) | extended[i];
  return value;
}

}  // namespace

std::uint64_t content_of(const WindowState& state) {
  ByteWriter out;
  state.encode(out);
  return std::hash<std::string_view>()(out.view());
}

void Proof::lost(std::uint32_t partition, std::uint64_t first, std::uint64_t last) {
  if (of_ == Of::own_log) return;  // take() sees the hole.
  if (first == 1) {
    beginning_gone_.insert(partition);
    add_note(
        fmt::format("partition {} begins at position {}: what was before is gone by retention, so sums are not "
                    "compared with the ledgers",
                    partition, last + 1));
  } else {
    add_problem(
        fmt::format("partition {}: {} gone by retention while it was read", partition, range("position", first, last)));
  }
}

void Proof::take(const LogRow& row, std::uint32_t partition, const Event* decoded) {
  // Somebody else's records and Kafka's own take positions, too: there sequences alone say what is missing.
  if (of_ == Of::own_log) follow_position(row);
  Result<Event, EventError> own;
  const Event* event = decoded;
  if (event == nullptr) {
    own = decode_event(row.event.bytes);
    if (!own) {
      add_problem(fmt::format("position {}: the event cannot be read: {}", row.position, own.error().context));
      return;
    }
    event = &*own;
  }
  const EventHeader& header = event->header;
  if (row.event.epoch != header.epoch || row.event.sequence != header.sequence) {
    add_problem(fmt::format("position {}: the row says {}, sequence {}, and its event {}, sequence {}", row.position,
                            epoch_name(row.event.epoch), row.event.sequence, epoch_name(header.epoch),
                            header.sequence));
  }
  if (!follow_epoch(row, *event, partition)) return;
  ++events_;
  if (const auto* tombstone = std::get_if<Tombstone>(&event->body)) {
    Parked& parked = parked_[header.gateway];
    parked.total.add(*tombstone);
    if (parked.first.empty()) parked.first = fmt::format("{}, sequence {}", epoch_name(header.epoch), header.sequence);
  }
  if (const auto* batch = std::get_if<WindowBatch>(&event->body)) take_windows(header, *batch, row.position);
  if (const auto* report = std::get_if<SourceReport>(&event->body)) take_report(header, *report, row.position);
}

bool Proof::follow_position(const LogRow& row) {
  if (first_position_ == 0) first_position_ = row.position;
  const bool follows = next_position_ == 0 || row.position == next_position_;
  if (!follows) add_problem(range("position", next_position_, row.position - 1) + " missing from the log");
  next_position_ = row.position + 1;
  return follows;
}

/// False: the event was had already.
bool Proof::follow_epoch(const LogRow& row, const Event& event, std::uint32_t partition) {
  const EventHeader& header = event.header;
  const auto [at, fresh] = epochs_.try_emplace({header.gateway, header.epoch});
  Epoch& epoch = at->second;
  // An event and its tombstone have one, so whichever comes second is no other content.
  const Digest extended = digest_after(event, row.event.bytes);
  if (header.sequence <= epoch.last) {
    const auto had = epoch.contents.find(header.sequence);
    if (had != epoch.contents.end() && had->second != content_of(extended)) {
      add_problem(
          fmt::format("position {}: {}, sequence {} is there twice with two contents: an old state file was put "
                      "back, or two appliances share the name \"{}\"",
                      row.position, epoch_name(header.epoch), header.sequence, header.gateway));
    } else if (of_ == Of::central_log && had != epoch.contents.end()) {
      ++repeats_;
    } else if (of_ == Of::central_log && epoch.from_middle && header.sequence < epoch.first) {
      // Sent again after what had made it needless was gone by retention.
      ++repeats_;
    } else {
      add_problem(fmt::format("position {}: {}, sequence {} is there twice", row.position, epoch_name(header.epoch),
                              header.sequence));
    }
    return false;
  }
  if (header.sequence > epoch.last + 1) {
    // Of a central log many epochs may have lost their beginning: each gateway's, and two where they interleaved.
    epoch.from_middle = fresh && (of_ == Of::own_log ? row.position == first_position_ && row.position > 1
                                                     : beginning_gone_.contains(partition));
    if (!epoch.from_middle) {
      add_problem(fmt::format("{}: {} missing (before position {})", epoch_name(header.epoch),
                              range("sequence", epoch.last + 1, header.sequence - 1), row.position));
    }
    epoch.digest.reset();  // across a gap it cannot be followed
  }
  if (header.sequence == 1) {
    epoch.digest = Digest{};
    epoch.previous_epoch = header.previous_epoch;
    epoch.previous_sequence = header.previous_sequence;
    if (const auto before = epochs_.find({header.gateway, header.previous_epoch}); before != epochs_.end()) {
      before->second.followed = true;
    }
  }
  if (fresh) epoch.first = header.sequence;
  if (epoch.digest && *epoch.digest != header.digest) {
    add_problem(
        fmt::format("position {}: {}, sequence {}: its digest is not that of the events before it: sequence {} or "
                    "its own is not what was written",
                    row.position, epoch_name(header.epoch), header.sequence, header.sequence - 1));
  }
  epoch.digest = extended;
  epoch.last = header.sequence;
  epoch.contents[header.sequence] = content_of(extended);
  return true;
}

void Proof::take_windows(const EventHeader& header, const WindowBatch& batch, std::uint64_t position) {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> known(batch.series.size(), {UINT32_MAX, 0});
  for (const DecodedPane& decoded : batch.panes) {
    const Pane& pane = decoded.pane;
    auto& [components, number] = known[decoded.series];
    if (components != pane.state.kept().bits()) {
      components = pane.state.kept().bits();
      number = series_of(header.gateway, batch.series[decoded.series], pane.state.kept());
    }
    ++panes_;
    std::uint64_t& emitted = emitted_[series_[number].source];
    ProvenWindow& window = windows_[{number, pane.start.ns}];
    if (pane.kind == PaneKind::delta) {
      emitted += pane.state.count();
      continue;
    }
    const std::uint64_t content = content_of(pane.state);
    if (pane.revision == window.revision && content != window.content) {
      add_problem(fmt::format("position {}: {}, window {}: revision {} has two contents (rule 22)", position,
                              series_[number].name, pane.start.ns, pane.revision));
    }
    if (pane.revision <= window.revision) continue;
    emitted += pane.state.count() - window.count;
    window = {pane.revision, pane.state.count(), content};
  }
}

// Whether every event before this one has been met, and none of a later epoch. In a central log the newest epoch may
// run ahead of what an older one still has to send: then the fold is not what a report of either speaks of.
bool Proof::settled(const EventHeader& header) const {
  auto at = epochs_.find({header.gateway, header.epoch});
  if (at == epochs_.end() || at->second.followed) return false;
  for (std::size_t steps = 0; at->second.previous_epoch != 0 && steps < epochs_.size(); ++steps) {
    const auto before = epochs_.find({header.gateway, at->second.previous_epoch});
    if (before == epochs_.end() || before->second.last < at->second.previous_sequence) return false;
    at = before;
  }
  return true;
}

void Proof::take_report(const EventHeader& header, const SourceReport& report, std::uint64_t position) {
  if (of_ == Of::central_log && !settled(header)) return;
  for (const SourceStanding& standing : report.sources) {
    SourceName name(header.gateway, standing.stream, standing.source);
    Report checked;
    checked.position = position;
    checked.sequence = header.sequence;
    for (const LedgerEntry& entry : standing.ledger) {
      const auto counter = counters_by_name().find(entry.counter);
      if (counter == counters_by_name().end()) {
        checked.newer = true;
      } else {
        checked.ledger.add(counter->second, entry.value);
      }
    }
    checked.in_fold = emitted(header.gateway, standing.stream, standing.source);
    if (const auto parked = parked_.find(header.gateway); parked != parked_.end()) {
      checked.parked = parked->second.total.readings;
    }
    reports_[std::move(name)] = std::move(checked);
  }
}

std::uint32_t Proof::series_of(const std::string& gateway, const SeriesIdentity& series, ComponentSet components) {
  const auto [at, fresh] =
      series_numbers_.try_emplace(series_key(gateway, series, components), static_cast<std::uint32_t>(series_.size()));
  if (fresh) {
    series_.push_back({fmt::format("{}, field \"{}\" {}", source_name(gateway, series.stream, series.source),
                                   series.field, series.tags),
                       source_of({gateway, series.stream, series.source})});
  }
  return at->second;
}

std::uint32_t Proof::source_of(SourceName name) {
  const auto [at, fresh] = source_numbers_.try_emplace(std::move(name), static_cast<std::uint32_t>(emitted_.size()));
  if (fresh) emitted_.push_back(0);
  return at->second;
}

void Proof::finish() {
  check_chain();
  check_reports();
  check_parked();
}

// An epoch's first event names the epoch before it and that one's last sequence.
void Proof::check_chain() {
  std::map<std::pair<std::string, std::uint64_t>, std::uint64_t> successors;
  std::map<std::string, std::uint64_t> beginnings;
  for (const auto& [key, epoch] : epochs_) {
    const auto& [gateway, number] = key;
    if (epoch.from_middle || !epoch.contents.contains(1)) continue;
    if (epoch.previous_epoch == 0) {
      const auto [first, only] = beginnings.try_emplace(gateway, number);
      if (!only) {
        add_problem(
            fmt::format("{} and {} of gateway {} both say that nothing was before them: two appliances share the "
                        "name, or a state file was lost",
                        epoch_name(first->second), epoch_name(number), gateway));
      }
      continue;
    }
    const auto [other, only] = successors.try_emplace({gateway, epoch.previous_epoch}, number);
    if (!only) {
      add_problem(fmt::format("{} and {} both follow {}: an old state file was put back", epoch_name(other->second),
                              epoch_name(number), epoch_name(epoch.previous_epoch)));
    }
    const auto before = epochs_.find({gateway, epoch.previous_epoch});
    if (before == epochs_.end()) {
      if (complete()) {
        add_problem(fmt::format("{} follows {}, of which nothing is in the log: its {} missing", epoch_name(number),
                                epoch_name(epoch.previous_epoch), range("sequence", 1, epoch.previous_sequence)));
      }
    } else if (before->second.last < epoch.previous_sequence) {
      add_problem(fmt::format("{}: {} missing (at its end; {} names its last)", epoch_name(epoch.previous_epoch),
                              range("sequence", before->second.last + 1, epoch.previous_sequence), epoch_name(number)));
    } else if (before->second.last > epoch.previous_sequence) {
      add_problem(fmt::format(
          "{} went on to sequence {} after {} had followed it at {}: an old state file was put back",
          epoch_name(epoch.previous_epoch), before->second.last, epoch_name(number), epoch.previous_sequence));
    }
  }
}

void Proof::check_reports() {
  for (const auto& [name, report] : reports_) {
    const auto& [gateway, stream, source] = name;
    const std::string who = source_name(gateway, stream, source);
    if (report.newer) continue;
    if (const std::string imbalance = report.ledger.imbalance(); !imbalance.empty()) {
      add_problem(fmt::format("{}: the ledger of position {} does not balance: {}", who, report.position, imbalance));
    }
    const std::uint64_t said = report.ledger[Counter::emitted];
    // What was parked may be what is missing here, if its gateway's sources together lack no more than that.
    if (complete() && said > report.in_fold && said - report.in_fold <= report.parked) {
      std::uint64_t& lacking = parked_[gateway].lacking;
      lacking += std::min(said - report.in_fold, std::numeric_limits<std::uint64_t>::max() - lacking);
    } else if (complete() && said != report.in_fold) {
      add_problem(
          fmt::format("{}: the ledger of position {} (sequence {}) says {} readings emitted, the log up to there "
                      "holds {}: {} {}",
                      who, report.position, report.sequence, said, report.in_fold,
                      said > report.in_fold ? said - report.in_fold : report.in_fold - said,
                      said > report.in_fold ? "missing" : "too many"));
    }
  }
}

void Proof::check_parked() {
  for (const auto& [gateway, parked] : parked_) {
    const auto& [events, panes, readings] = parked.total;
    std::string text = fmt::format(
        "parked at the gateway: {} {}, {} panes, {} readings of gateway {} were too large for the topic and are kept "
        "there (`tidemark inspect --parked`); the first is {}",
        events, events == 1 ? "event" : "events", panes, readings, gateway, parked.first);
    if (complete() && parked.lacking <= readings) {
      text += fmt::format(". The ledgers say {} readings more than the log holds", parked.lacking);
      // A later revision of a parked window has what the parked one had.
      if (parked.lacking < readings) text += ": the others came again in corrections, or no ledger came after them";
    }
    add_problem(text);
    if (complete() && parked.lacking > readings) {
      add_problem(
          fmt::format("gateway {}: the ledgers say {} readings more than the log holds, {} more than were parked",
                      gateway, parked.lacking, parked.lacking - readings));
    }
  }
}

ProofFigures Proof::figures() const {
  ProofFigures figures;
  figures.events = events_;
  figures.panes = panes_;
  figures.windows = windows_.size();
  for (const std::uint64_t emitted : emitted_) figures.readings += emitted;
  figures.epochs = epochs_.size();
  figures.reports = reports_.size();
  for (const auto& [gateway, parked] : parked_) {
    figures.parked.events += parked.total.events;
    figures.parked.panes += parked.total.panes;
    figures.parked.readings += parked.total.readings;
  }
  return figures;
}

std::optional<ProvenWindow> Proof::window(const std::string& gateway, const SeriesIdentity& series,
                                          ComponentSet components, EventTime start) const {
  const auto number = series_numbers_.find(series_key(gateway, series, components));
  if (number == series_numbers_.end()) return std::nullopt;
  const auto found = windows_.find({number->second, start.ns});
  if (found == windows_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t Proof::emitted(const std::string& gateway, const std::string& stream, const std::string& source) const {
  const auto number = source_numbers_.find({gateway, stream, source});
  return number == source_numbers_.end() ? 0 : emitted_[number->second];
}

const Ledger* Proof::reported(const std::string& gateway, const std::string& stream, const std::string& source) const {
  const auto report = reports_.find({gateway, stream, source});
  return report == reports_.end() ? nullptr : &report->second.ledger;
}

}  // namespace tidemark
