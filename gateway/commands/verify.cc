// tidemark verify: the log proved, or the exact difference.
#include <fmt/format.h>

#include <cstdio>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/commands/log_argument.h"
#include "gateway/commands/progress_line.h"
#include "gateway/pipeline/state_owner.h"
#include "gateway/replay/proof.h"
#include "gateway/replay/state_proof.h"

namespace tidemark {
namespace {

constexpr std::uint64_t kPieceBytes = 1 << 20;
constexpr std::size_t kMostProblems = 100;  // that are written out

bool read_all(LogSource& source, const std::vector<std::uint32_t>& partitions, Proof& proof) {
  ProgressLine progress("verify", partitions.size());
  ForeignWarning foreign(source);
  for (const std::uint32_t partition : partitions) {
    std::uint64_t next = 1;
    for (;;) {
      const auto piece = source.read_partition(partition, next, kPieceBytes);
      foreign.look();
      if (!piece) {
        fmt::print(stderr, "{}\n", piece.error().context);
        return false;
      }
      for (const LostRows& lost : piece->lost) proof.lost(partition, lost.first, lost.last);
      if (piece->rows.empty()) break;
      for (std::size_t i = 0; i < piece->rows.size(); ++i) {
        const bool decoded = !piece->events.empty() && piece->events[i].has_value();
        proof.take(piece->rows[i], partition, decoded ? &*piece->events[i] : nullptr);
      }
      next = piece->rows.back().position + 1;
      progress.at(partition, next - 1, source.last_position(partition), proof.figures().panes);
    }
  }
  return true;
}

/// Nullopt: it could not be; why has been said.
std::optional<std::uint64_t> prove_state_file(const Configuration& configuration, Proof& proof) {
  StoreOptions options;
  options.path = configuration.gateway.state;
  options.create = false;
  auto store = Store::open(options);
  if (!store) {
    fmt::print(stderr, "{}\n", store.error().context);
    return std::nullopt;
  }
  const std::string owner = (*store)->setting(kGatewayIdSetting).value_or(configuration.gateway.id);
  if (owner != configuration.gateway.id) {
    fmt::print(stderr, "{}\n", other_gateways_file(options.path, owner, configuration.gateway.id));
    return std::nullopt;
  }
  const auto compared = prove_state(**store, configuration.gateway.id, proof);
  if (!compared) {
    fmt::print(stderr, "{}\n", compared.error().context);
    return std::nullopt;
  }
  static_cast<void>((*store)->close());
  return *compared;
}

}  // namespace

int verify_log(const LogCommand& command) {
  int exit = 1;
  auto log = open_log_argument(command, false, exit);
  if (!log) return exit;
  Proof proof(log->place.kind == LogPlace::Kind::kafka ? Proof::Of::central_log : Proof::Of::own_log);
  if (!read_all(*log->source, log->partitions, proof)) return 1;
  proof.finish();
  log->source.reset();
  const ProofFigures figures = proof.figures();
  fmt::print("{}: {} events of {} epochs, {} panes, {} windows, {} readings, {} ledgers\n", to_string(log->place),
             figures.events, figures.epochs, figures.panes, figures.windows, figures.readings, figures.reports);
  if (proof.repeats() != 0) {
    fmt::print("{} events came again, byte for byte, and count once: gateways send what was not acknowledged again\n",
               proof.repeats());
  }
  if (!proof.complete() && log->place.kind != LogPlace::Kind::kafka) {
    fmt::print(
        "the log begins at position {}: what was before is gone by retention, so its sums are not compared with the "
        "ledgers\n",
        proof.first_position());
  }
  if (log->configuration && log->place.kind == LogPlace::Kind::file) {
    const auto compared = prove_state_file(*log->configuration, proof);
    if (!compared) return 1;
    fmt::print("state: {} open windows compared with the log\n", *compared);
  } else if (log->configuration) {
    fmt::print("the appliance is running: its state is not compared; stop it and verify again for that\n");
  }
  for (const std::string& note : proof.notes()) fmt::print("NOTE {}\n", note);
  const auto& problems = proof.problems();
  for (std::size_t i = 0; i < problems.size() && i < kMostProblems; ++i) fmt::print("WRONG {}\n", problems[i]);
  if (problems.size() > kMostProblems) fmt::print("... and {} more\n", problems.size() - kMostProblems);
  if (!problems.empty()) {
    fmt::print("not proven: {} {}\n", problems.size(), problems.size() == 1 ? "difference" : "differences");
    return after_output(1);
  }
  fmt::print("proven: nothing is missing, altered or there twice, and the ledgers are what the log holds\n");
  return after_output(0);
}

}  // namespace tidemark
