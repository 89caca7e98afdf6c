#include "gateway/replay/state_proof.h"

#include <fmt/format.h>

#include <sstream>

#include "edge/processor/processor.h"
#include "edge/processor/recovery.h"
#include "edge/processor/series_identity.h"

namespace tidemark {
namespace {

std::uint64_t prove_series(const State& state, const Series& series, const std::string& gateway, Proof& proof) {
  const StreamVersion& version = state.versions[series.version];
  const SeriesIdentity identity = identity_of(state, series);
  std::uint64_t compared = 0;
  series.windows.for_each([&](const OpenWindow& window) {
    if (window.revision == 0) return;
    ++compared;
    const auto folded = proof.window(gateway, identity, version.components, window.start);
    if (!folded && !proof.complete()) return;  // its pane went with the log's beginning
    // After damage a revision is passed over that may or may not have left; the window is due again (recovery.cc).
    if (window.dirty && (!folded || folded->revision < window.revision)) return;
    const std::string where = fmt::format("stream \"{}\", source \"{}\", field \"{}\", window {}", identity.stream,
                                          identity.source, identity.field, window.start.ns);
    if (!folded || folded->revision != window.revision) {
      proof.add_problem(fmt::format("{}: the state has emitted revision {}, the log holds {}", where, window.revision,
                                    folded ? folded->revision : 0));
    } else if (folded->count != window.emitted) {
      proof.add_problem(
          fmt::format("{}: the state has emitted {} readings, the log holds {}", where, window.emitted, folded->count));
    } else if (!window.dirty && folded->content != content_of(window.state)) {
      proof.add_problem(fmt::format("{}: revision {} of the log is not what the state holds", where, window.revision));
    }
  });
  return compared;
}

void prove_ledger(const std::string& who, const Ledger& ledger, Proof& proof) {
  if (const std::string imbalance = ledger.imbalance(); !imbalance.empty()) {
    proof.add_problem(fmt::format("{}: the ledger of the state does not balance: {}", who, imbalance));
  }
}

}  // namespace

Result<std::uint64_t, StoreError> prove_state(Store& store, const std::string& gateway, Proof& proof) {
  State state;
  Recovery recovery(state);
  const auto load_shards = [&](const std::vector<ShardImage>& shards) {
    // The gateway's shard first: sources refer to its streams.
    for (const bool first : {true, false}) {
      for (const ShardImage& image : shards) {
        if ((image.shard == kGatewayShard) != first) continue;
        if (!recovery.shard(image.shard, image.position, image.body)) {
          proof.add_problem(fmt::format("state shard {} cannot be read", image.shard));
        }
      }
    }
  };
  const auto load_row = [&](const JournalRow& row) {
    if (row.plan && recovery.row(row.position, *row.plan)) return;
    recovery.damaged(row.position, row.readings, row.events);
    proof.add_note(fmt::format("journal row {} is damaged; the ledger counts its {} readings as damaged", row.position,
                               row.readings));
  };
  const auto recovered = store.recover(load_shards, load_row);
  if (!recovered) return tl::unexpected(recovered.error());
  for (const std::uint32_t shard : recovered->damaged_shards) {
    recovery.lost_shard(shard);
    proof.add_problem(fmt::format("state shard {} is damaged", shard));
  }
  recovery.finish();
  // Written at every clean stop: what is missing at the log's end shows nowhere in the log itself.
  std::istringstream end(store.setting("log.end").value_or(""));
  std::uint64_t epoch = 0;
  std::uint64_t sequence = 0;
  if (end >> epoch >> sequence && !proof.reaches(gateway, epoch, sequence)) {
    proof.add_problem(
        fmt::format("the log ends before epoch {:016x}, sequence {}, which it held when the appliance "
                    "stopped: events are missing at its end",
                    epoch, sequence));
  }

  std::uint64_t compared = 0;
  prove_ledger("gateway " + gateway, state.gateway, proof);
  for (const StreamState& stream : state.streams) prove_ledger("stream \"" + stream.name + "\"", stream.own, proof);
  for (const auto& source : state.sources) {
    if (!source) continue;
    const std::string& stream = state.streams[source->stream].name;
    const std::string who = fmt::format("stream \"{}\", source \"{}\"", stream, source->name);
    prove_ledger(who, source->ledger, proof);
    const std::uint64_t said = source->ledger[Counter::emitted];
    const std::uint64_t folded = proof.emitted(gateway, stream, source->name);
    if (proof.complete() && said != folded) {
      proof.add_problem(fmt::format("{}: the state has emitted {} readings, the log holds {}: {} {}", who, said, folded,
                                    said > folded ? said - folded : folded - said,
                                    said > folded ? "missing" : "too many"));
    }
    for (const std::uint32_t id : source->series) {
      if (const Series* series = state.find_series(id)) compared += prove_series(state, *series, gateway, proof);
    }
  }
  return compared;
}

}  // namespace tidemark
