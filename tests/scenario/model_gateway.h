// A gateway in memory: the real processor, with a journal of plans and state shards kept as the store would keep them.
// A restart recovers a new processor from those alone. After every group it checks what must always hold; what does not
// is kept as text, so that any test can look at it.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/processor/processor.h"
#include "tests/scenario/model_fold.h"

namespace tidemark::test {

struct EmittedPane {
  SeriesIdentity series;
  Pane pane;
};

class ModelGateway {
 public:
  explicit ModelGateway(ProcessorSettings settings) : settings_(std::move(settings)) {}

  /// Recovers from what is durable and starts. Nothing durable: a new gateway.
  std::vector<EmittedPane> start(Now now);

  /// A crash: what was not committed is gone.
  std::vector<EmittedPane> restart(Now now) { return start(now); }

  /// The settings as they are now, without a restart. Requires that no group is open.
  std::vector<EmittedPane> reconfigure(Now now);

  /// Takes effect with the next restart or `reconfigure`.
  ProcessorSettings& settings() { return settings_; }

  Processor& processor() { return *processor_; }
  [[nodiscard]] const State& state() const { return processor_->state(); }

  /// Decides and commits. Returns what left with the group.
  std::vector<EmittedPane> end_group(Now now);

  /// Writes a shard as of the last commit.
  void snapshot(std::uint32_t shard);

  [[nodiscard]] const ModelFold& fold() const { return fold_; }
  [[nodiscard]] const std::vector<DeadLetter>& dead_letters() const { return dead_letters_; }
  [[nodiscard]] const std::vector<std::string>& plans() const { return plans_; }

  /// What did not hold, the first of it; empty: all did.
  [[nodiscard]] const std::string& broken_law() const { return broken_; }

  /// A processor recovered from the shards and the journal as they are now, not yet started.
  [[nodiscard]] std::unique_ptr<Processor> recovered();

  /// The number of the first shard whose bytes differ between the two, if there is one.
  static std::optional<std::uint32_t> first_difference(const State& a, const State& b);

 private:
  struct Shard {
    std::uint64_t position = 0;
    std::string bytes;
  };
  struct Marks {
    std::uint32_t generation = 0;
    EventTime watermark = EventTime::earliest();
    EventTime sealed_through = EventTime::earliest();
  };

  std::vector<EmittedPane> commit(Group group);
  void check_laws();
  void check_progress(std::uint64_t key, std::uint32_t generation, const Progress& progress);
  void break_law(std::string what) {
    if (broken_.empty()) broken_ = std::move(what);
  }

  ProcessorSettings settings_;
  std::unique_ptr<Processor> processor_;
  std::vector<std::string> plans_;  // position i + 1
  std::map<std::uint32_t, Shard> shards_;
  ModelFold fold_;
  std::vector<DeadLetter> dead_letters_;
  std::map<std::uint64_t, Marks> marks_;
  std::string broken_;
};

}  // namespace tidemark::test
