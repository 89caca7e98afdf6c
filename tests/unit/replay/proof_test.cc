// What a proof finds: each case is a sound log with one thing changed, and the problem's words name it.
#include "gateway/replay/proof.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "edge/event/tombstone.h"

using namespace tidemark;

namespace {

constexpr ComponentSet kAll(15);
constexpr std::uint64_t kFirst = 1;
constexpr std::uint64_t kSecond = 2;

/// A log as a gateway writes it: digests, sequences and the chain of epochs follow by themselves.
class Log {
 public:
  void begin(std::uint64_t epoch, std::string gateway = "plant-7") {
    const std::uint64_t epoch_before = header_.gateway == gateway ? header_.epoch : 0;
    const std::uint64_t sequence_before = header_.gateway == gateway ? header_.sequence : 0;
    header_ = {};
    header_.gateway = std::move(gateway);
    header_.epoch = epoch;
    header_.previous_epoch = epoch_before;
    header_.previous_sequence = sequence_before;
  }
  EventHeader& header() { return header_; }

  void pane(PaneKind kind, std::uint32_t revision, std::int64_t start_s, const std::vector<std::int64_t>& values) {
    const SeriesIdentity series{"climate", 1, "d1", "{}", "t", "Cel", FieldKind::gauge, seconds(10)};
    Pane pane;
    pane.start = {seconds(start_s).ns};
    pane.kind = kind;
    pane.revision = revision;
    pane.state = WindowState(kAll);
    for (const std::int64_t value : values) pane.state.add(pane.start, make_decimal(value, -1));
    const std::vector<SeriesPane> panes = {{&series, &pane}};
    append(encode_window_batch(next(), panes));
  }
  void report(std::vector<LedgerEntry> ledger) {
    SourceReport report;
    SourceStanding& standing = report.sources.emplace_back();
    standing.stream = "climate";
    standing.source = "d1";
    standing.version = 1;
    standing.ledger = std::move(ledger);
    append(encode_source_report(next(), report));
  }
  void heartbeat() { append(encode_heartbeat(next(), {"1.0.0", "00", true, 0})); }

  std::vector<LogRow>& rows() { return rows_; }

 private:
  const EventHeader& next() {
    if (++header_.sequence > 1) header_.previous_epoch = header_.previous_sequence = 0;
    return header_;
  }
  void append(std::string bytes) {
    header_.digest = extend_digest(header_.digest, bytes);
    rows_.push_back({rows_.size() + 1, {header_.epoch, header_.sequence, std::move(bytes)}});
  }

  EventHeader header_;
  std::vector<LogRow> rows_;
};

std::vector<LedgerEntry> ledger_of(std::uint64_t emitted, std::uint64_t open = 0) {
  const std::uint64_t all = emitted + open;
  return {{name_of(Counter::received), 1},  {name_of(Counter::decoded), 1}, {name_of(Counter::readings), all},
          {name_of(Counter::counted), all}, {name_of(Counter::open), open}, {name_of(Counter::emitted), emitted}};
}

/// Two epochs, positions 1 to 7: two windows of three and one readings, one corrected, and a delta. 6 readings.
Log sound() {
  Log log;
  log.begin(kFirst);
  log.heartbeat();
  log.pane(PaneKind::on_time, 1, 0, {201, 203});
  log.pane(PaneKind::correction, 2, 0, {201, 203, 205});
  log.begin(kSecond);
  log.heartbeat();
  log.pane(PaneKind::on_time, 1, 10, {210});
  log.pane(PaneKind::delta, 0, 0, {190, 191});
  log.report(ledger_of(6));
  return log;
}

Proof proof_of(Log& log) {
  Proof proof;
  for (const LogRow& row : log.rows()) proof.take(row);
  proof.finish();
  return proof;
}

/// The problems, a line each.
std::string problems_of(Log& log) {
  std::string text;
  const Proof proof = proof_of(log);
  for (const std::string& problem : proof.problems()) text += problem + "\n";
  return text;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a sound log is proven, and counted") {
  Log log = sound();
  CHECK(problems_of(log) == "");
  const Proof proof = proof_of(log);
  const ProofFigures figures = proof.figures();
  CHECK(figures.events == 7);
  CHECK(figures.panes == 4);
  CHECK(figures.windows == 2);
  CHECK(figures.readings == 6);
  CHECK(figures.epochs == 2);
  CHECK(figures.reports == 1);
  CHECK(proof.complete());
  CHECK(proof.emitted("plant-7", "climate", "d1") == 6);
  CHECK(proof.reported("plant-7", "climate", "d1") != nullptr);
  CHECK(proof.reported("plant-7", "climate", "d2") == nullptr);
  CHECK(proof.reaches("plant-7", kSecond, 4));
  CHECK_FALSE(proof.reaches("plant-7", kSecond, 5));
  const SeriesIdentity series{"climate", 1, "d1", "{}", "t", "Cel", FieldKind::gauge, seconds(10)};
  const auto window = proof.window("plant-7", series, kAll, {0});
  REQUIRE(window);
  CHECK(window->revision == 2);
  CHECK(window->count == 3);  // of the whole pane: what deltas carried is not in it
  CHECK_FALSE(proof.window("plant-7", series, kAll, {seconds(20).ns}));
}

TEST_CASE("a missing row is named by its position and its sequence") {
  Log log = sound();
  log.rows().erase(log.rows().begin() + 1);
  const std::string found = problems_of(log);
  CHECK(holds(found, "position 2 is missing from the log"));
  CHECK(holds(found, "epoch 0000000000000001: sequence 2 is missing (before position 3)"));
}

TEST_CASE("an event that was altered does not fit the digest after it") {
  Log log = sound();
  Log other;
  other.begin(kFirst);
  other.heartbeat();
  other.pane(PaneKind::on_time, 1, 0, {201, 204});
  log.rows()[1].event.bytes = other.rows()[1].event.bytes;
  CHECK(holds(problems_of(log), "position 3: epoch 0000000000000001, sequence 3: its digest is not that"));
}

TEST_CASE("bytes that are no event, and a row that names another event, are said") {
  Log log = sound();
  log.rows()[2].event.bytes = "rubbish";
  CHECK(holds(problems_of(log), "position 3: the event cannot be read"));
  log = sound();
  log.rows()[2].event.sequence = 9;
  CHECK(holds(problems_of(log), "position 3: the row says epoch 0000000000000001, sequence 9, and its event"));
}

TEST_CASE("an event that is there twice counts once, and two contents of one name are told apart") {
  Log log = sound();
  log.rows().push_back({8, log.rows()[5].event});
  CHECK(problems_of(log) == "position 8: epoch 0000000000000002, sequence 3 is there twice\n");
  CHECK(proof_of(log).figures().readings == 6);
  Log other;
  other.begin(kSecond);
  other.heartbeat();
  log.rows().back() = {8, other.rows()[0].event};
  CHECK(holds(problems_of(log), "is there twice with two contents"));
}

TEST_CASE("the chain of epochs shows what is missing at an epoch's end, and state files that were put back") {
  Log log = sound();
  log.rows().erase(log.rows().begin() + 2);
  for (std::size_t i = 0; i < log.rows().size(); ++i) log.rows()[i].position = i + 1;
  CHECK(holds(problems_of(log), "epoch 0000000000000001: sequence 3 is missing (at its end"));

  log = sound();
  log.rows().erase(log.rows().begin(), log.rows().begin() + 3);
  for (std::size_t i = 0; i < log.rows().size(); ++i) log.rows()[i].position = i + 1;
  CHECK(holds(problems_of(log), "of which nothing is in the log: its sequences 1 to 3 are missing"));

  log = sound();
  log.begin(3);
  log.header().previous_epoch = kFirst;
  log.header().previous_sequence = 3;
  log.heartbeat();
  CHECK(holds(problems_of(log), "both follow epoch 0000000000000001: an old state file was put back"));

  log = sound();
  log.begin(3);
  log.header().previous_sequence = 2;
  log.heartbeat();
  CHECK(holds(problems_of(log), "epoch 0000000000000002 went on to sequence 4"));

  log = sound();
  log.begin(3);
  log.header().previous_epoch = log.header().previous_sequence = 0;
  log.heartbeat();
  CHECK(holds(problems_of(log), "both say that nothing was before them"));
}

TEST_CASE("a ledger that the log does not bear out is told with the difference") {
  for (const auto& [said, difference] : {std::pair{8, "2 missing"}, std::pair{5, "1 too many"}}) {
    Log log;
    log.begin(kFirst);
    log.pane(PaneKind::on_time, 1, 0, {1, 2, 3});
    log.pane(PaneKind::delta, 0, 0, {4, 5, 6});
    log.report(ledger_of(static_cast<std::uint64_t>(said)));
    // What comes after a report is not in it.
    log.pane(PaneKind::on_time, 1, 10, {7});
    CHECK(holds(problems_of(log),
                "says " + std::to_string(said) + " readings emitted, the log up to there holds 6: " + difference));
  }
  Log log = sound();
  std::vector<LedgerEntry> ledger = ledger_of(6);
  ledger[2].value = 7;
  log.report(ledger);
  CHECK(holds(problems_of(log), "the ledger of position 8 does not balance"));
  // A counter of a later version may be a term of its equations.
  ledger.push_back({"readings.of_tomorrow", 1});
  log = sound();
  log.report(ledger);
  CHECK(problems_of(log) == "");
}

TEST_CASE("one revision has one content") {
  Log log = sound();
  log.pane(PaneKind::correction, 2, 0, {201, 203, 206});
  CHECK(holds(problems_of(log), "revision 2 has two contents"));
  // An older one behind a newer is what a drained backlog looks like.
  log = sound();
  log.pane(PaneKind::on_time, 1, 0, {201, 203});
  CHECK(problems_of(log) == "");
  CHECK(proof_of(log).figures().readings == 6);
}

TEST_CASE("a log without its beginning is followed from where it starts, and its sums are not held against it") {
  Log log = sound();
  log.rows().erase(log.rows().begin(), log.rows().begin() + 2);
  CHECK(problems_of(log) == "");
  CHECK(proof_of(log).first_position() == 3);
  CHECK_FALSE(proof_of(log).complete());
}

TEST_CASE("a sequence at the end of its range is a number like others") {
  Log log = sound();
  log.header().sequence = UINT64_MAX - 1;
  log.heartbeat();
  CHECK(holds(problems_of(log), "sequences 5 to 18446744073709551614 are missing"));
}

TEST_CASE("two gateways of one log do not meet") {
  Log log = sound();
  log.begin(kFirst, "plant-8");
  log.heartbeat();
  log.pane(PaneKind::on_time, 1, 0, {1});
  CHECK(problems_of(log) == "");
  CHECK(proof_of(log).emitted("plant-8", "climate", "d1") == 1);
  CHECK(proof_of(log).emitted("plant-7", "climate", "d1") == 6);
}

TEST_CASE("of a central log resends, holes in the positions and epochs that interleave are sound") {
  Log log = sound();
  const std::vector<LogRow> rows = log.rows();
  Proof proof(Proof::Of::central_log);
  // The second epoch's first events and its report overtake the first epoch's last, which come again, too.
  std::uint64_t position = 1;
  for (const std::size_t at : {0u, 3u, 4u, 1u, 2u, 2u, 5u, 6u, 1u}) proof.take({position += 2, rows[at].event}, 4);
  proof.finish();
  CHECK(proof.problems().empty());
  CHECK(proof.repeats() == 2);
  CHECK(proof.complete());
  CHECK(proof.figures().readings == 6);
  CHECK(proof.figures().reports == 1);
}

TEST_CASE("of a central log a missing event, a second content and a ledger that is not borne out are told") {
  Log log = sound();
  Proof gap(Proof::Of::central_log);
  for (const std::size_t at : {0u, 2u, 3u, 4u, 5u, 6u}) gap.take(log.rows()[at]);
  gap.finish();
  REQUIRE_FALSE(gap.problems().empty());
  CHECK(holds(gap.problems().front(), "sequence 2 is missing"));

  Log other;
  other.begin(kSecond);
  other.heartbeat();
  Proof forked(Proof::Of::central_log);
  for (const LogRow& row : log.rows()) forked.take(row);
  forked.take({8, other.rows()[0].event});
  forked.finish();
  REQUIRE(forked.problems().size() == 1);
  CHECK(holds(forked.problems().front(), "two contents"));

  Log wrong = sound();
  wrong.report(ledger_of(7));
  Proof unborne(Proof::Of::central_log);
  for (const LogRow& row : wrong.rows()) unborne.take(row);
  unborne.finish();
  REQUIRE(unborne.problems().size() == 1);
  CHECK(holds(unborne.problems().front(), "1 missing"));
}

TEST_CASE("of a central log whose beginning is gone each epoch is followed from where it starts") {
  Log log = sound();
  Proof proof(Proof::Of::central_log);
  proof.lost(0, 1, 1);
  for (const std::size_t at : {1u, 2u, 4u, 5u, 6u}) proof.take(log.rows()[at]);
  proof.finish();
  CHECK(proof.problems().empty());
  CHECK_FALSE(proof.complete());
  CHECK(proof.notes().size() == 1);
}

namespace {

/// Of a central log: what stands in it in the place of the event at `position`.
void park(Log& log, std::size_t position) {
  std::string& bytes = log.rows()[position - 1].event.bytes;
  bytes = *tombstone_of(bytes);
}

std::vector<std::string> central_problems_of(Log& log) {
  Proof proof(Proof::Of::central_log);
  for (const LogRow& row : log.rows()) proof.take(row);
  proof.finish();
  return proof.problems();
}

}  // namespace

TEST_CASE("a parked event is one difference: what was in it, and what the ledgers say more than the log holds") {
  Log log = sound();
  park(log, 6);
  const auto problems = central_problems_of(log);
  REQUIRE(problems.size() == 1);
  CHECK(holds(problems[0], "parked at the gateway: 1 event, 1 panes, 2 readings of gateway plant-7"));
  CHECK(holds(problems[0], "epoch 0000000000000002, sequence 3"));
  CHECK(holds(problems[0], "The ledgers say 2 readings more than the log holds"));
  CHECK_FALSE(holds(problems[0], "corrections"));
}

TEST_CASE("readings of a parked window that came again in its correction are not missing") {
  Log log = sound();
  park(log, 2);
  park(log, 6);
  const auto problems = central_problems_of(log);
  REQUIRE(problems.size() == 1);
  CHECK(holds(problems[0], "2 events, 2 panes, 4 readings"));
  CHECK(holds(problems[0], "The ledgers say 2 readings more than the log holds: the others came again in corrections"));
}

TEST_CASE("what is missing beyond what was parked is another difference") {
  Log log = sound();
  park(log, 6);
  log.report(ledger_of(7));
  const auto problems = central_problems_of(log);
  REQUIRE(problems.size() == 2);
  CHECK(holds(problems[0], "says 7 readings emitted, the log up to there holds 4: 3 missing"));
  CHECK(holds(problems[1], "parked at the gateway: 1 event"));
}

TEST_CASE("what was parked after a report does not explain what it misses") {
  Log log = sound();
  log.report(ledger_of(8));
  log.pane(PaneKind::delta, 0, 10, {190, 191});
  park(log, 9);
  const auto problems = central_problems_of(log);
  REQUIRE(problems.size() == 2);
  CHECK(holds(problems[0], "says 8 readings emitted, the log up to there holds 6: 2 missing"));
}

TEST_CASE("an event and its tombstone are no two contents, whichever comes first") {
  for (const bool tombstone_first : {true, false}) {
    CAPTURE(tombstone_first);
    Log log = sound();
    LogRow both = log.rows()[5];
    both.event.bytes = *tombstone_of(both.event.bytes);
    if (tombstone_first) std::swap(both, log.rows()[5]);
    log.rows().insert(log.rows().begin() + 6, both);
    const auto problems = central_problems_of(log);
    CHECK(problems.size() == (tombstone_first ? 1 : 0));
    if (tombstone_first) CHECK(holds(problems[0], "parked at the gateway: 1 event"));
  }
}

TEST_CASE("a tombstone of another event is found by the event behind it") {
  Log log = sound();
  const auto event = decode_event(*tombstone_of(log.rows()[5].event.bytes));
  REQUIRE(event);
  Tombstone other = std::get<Tombstone>(event->body);
  other.digest_after[0] ^= 1;
  log.rows()[5].event.bytes = encode_tombstone(event->header, other);
  const auto problems = central_problems_of(log);
  REQUIRE(problems.size() == 2);
  CHECK(holds(problems[0], "its digest is not that of the events before it"));
}
