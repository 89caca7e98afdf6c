// The views: folding, going on after an end at any batch, and roll-ups. Expected texts are written out by hand.
#include "gateway/replay/views.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "gateway/replay/export.h"
#include "tests/support/folder.h"

using namespace tidemark;
using tidemark::test::Folder;

namespace {

constexpr Duration kSize = seconds(10);
constexpr ComponentSet kAll(15);

/// A log of one epoch, an event a pane.
class Log {
 public:
  void add(PaneKind kind, std::uint32_t revision, std::int64_t start_s, const std::vector<std::int64_t>& tenths) {
    const SeriesIdentity series{"climate", 1, "d1", "{}", "t", "Cel", FieldKind::gauge, kSize};
    Pane pane;
    pane.start = {seconds(start_s).ns};
    pane.kind = kind;
    pane.revision = revision;
    pane.state = WindowState(kAll);
    for (std::size_t i = 0; i < tenths.size(); ++i) {
      pane.state.add(pane.start + seconds(static_cast<std::int64_t>(i)), make_decimal(tenths[i], -1));
    }
    EventHeader header;
    header.gateway = "plant-7";
    header.epoch = 5;
    header.sequence = rows_.size() + 1;
    const std::vector<SeriesPane> panes = {{&series, &pane}};
    rows_.push_back({header.sequence, {5, header.sequence, encode_window_batch(header, panes)}});
  }
  [[nodiscard]] const std::vector<LogRow>& rows() const { return rows_; }

 private:
  std::vector<LogRow> rows_;
};

/// As an end of the process between any two batches does it.
void fold_by(std::size_t batch, const Log& log, const std::string& path, const std::vector<Duration>& rollups) {
  for (;;) {
    const auto views = Views::open(path, rollups);
    REQUIRE(views);
    const std::size_t at = (*views)->position().offset;
    if (at == log.rows().size()) return;
    const std::size_t n = std::min(batch, log.rows().size() - at);
    REQUIRE((*views)->fold(std::span(log.rows()).subspan(at, n)));
  }
}

std::string exported(const std::string& path, std::optional<Duration> size = std::nullopt) {
  std::FILE* file = std::tmpfile();
  REQUIRE(export_views(path, size, ExportFormat::csv, file));
  std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
  std::rewind(file);
  CHECK(std::fread(text.data(), 1, text.size(), file) == text.size());
  std::fclose(file);
  return text.substr(text.find('\n') + 1);
}

Log some_log() {
  Log log;
  log.add(PaneKind::on_time, 1, 0, {1});
  log.add(PaneKind::on_time, 1, 10, {5});
  log.add(PaneKind::delta, 0, 10, {20});
  log.add(PaneKind::correction, 3, 0, {1, 2});
  log.add(PaneKind::correction, 2, 0, {1, 9});
  log.add(PaneKind::correction, 2, 10, {5, 6});
  log.add(PaneKind::delta, 0, 10, {30});
  log.add(PaneKind::delta, 0, 70, {-4});
  return log;
}

const std::string kFold =
    "plant-7,climate,1,d1,{},t,10000000000,0,2,0.3,0.15,0.1,0.2,0.1,0,0.2,1000000000,0.005,0.07071067811865475\n"
    "plant-7,climate,1,d1,{},t,10000000000,10000000000,4,6.1,1.525,0.5,3,0.5,10000000000,0.6,11000000000,"
    "1.4358333333333333,1.198262631201246\n"
    "plant-7,climate,1,d1,{},t,10000000000,70000000000,1,-0.4,-0.4,-0.4,-0.4,-0.4,70000000000,-0.4,70000000000,,\n";

}  // namespace

TEST_CASE("the highest revision counts, and every delta once, however the batches fall") {
  const Log log = some_log();
  for (std::size_t batch = 1; batch <= log.rows().size(); ++batch) {
    CAPTURE(batch);
    const Folder folder;
    fold_by(batch, log, folder.file("v.db"), {});
    CHECK(exported(folder.file("v.db")) == kFold);
  }
}

TEST_CASE("an event that comes again at another position changes nothing") {
  const Folder folder;
  const Log log = some_log();
  fold_by(3, log, folder.file("v.db"), {});
  std::vector<LogRow> again = log.rows();
  for (LogRow& row : again) row.position += log.rows().size();
  const auto views = Views::open(folder.file("v.db"), {});
  REQUIRE(views);
  REQUIRE((*views)->fold(again));
  CHECK((*views)->skipped() == log.rows().size());
  CHECK(exported(folder.file("v.db")) == kFold);
}

TEST_CASE("a batch that holds a damaged event changes nothing") {
  const Folder folder;
  std::vector<LogRow> rows = some_log().rows();
  rows.back().event.bytes.resize(rows.back().event.bytes.size() / 2);
  {
    const auto views = Views::open(folder.file("v.db"), {});
    REQUIRE(views);
    CHECK(!(*views)->fold(rows));
  }
  const auto views = Views::open(folder.file("v.db"), {});
  REQUIRE(views);
  CHECK((*views)->position().offset == 0);
  CHECK(exported(folder.file("v.db")).empty());
}

TEST_CASE("a roll-up is the same whether kept from the beginning, added later, or merged by way of another") {
  const Log log = some_log();
  const Folder folder;
  fold_by(2, log, folder.file("direct.db"), {seconds(120)});
  fold_by(1, log, folder.file("chain.db"), {seconds(60), seconds(120)});
  fold_by(3, log, folder.file("late.db"), {});
  REQUIRE(Views::open(folder.file("late.db"), {seconds(120)}));
  const std::string direct = exported(folder.file("direct.db"), seconds(120));
  CHECK(direct.substr(0, 60) == "plant-7,climate,1,d1,{},t,120000000000,0,7,6,0.8571428571428");
  CHECK(exported(folder.file("chain.db"), seconds(120)) == direct);
  CHECK(exported(folder.file("late.db"), seconds(120)) == direct);
}

TEST_CASE("a roll-up that is no multiple of the windows is refused") {
  const Folder folder;
  const auto views = Views::open(folder.file("v.db"), {seconds(25)});
  REQUIRE(views);
  const auto done = (*views)->fold(some_log().rows());
  REQUIRE(!done);
  CHECK(done.error().code == ViewsError::rejected);
}

TEST_CASE("each partition has a position of its own, and two processes do not fold into one file") {
  const Folder folder;
  const Log log = some_log();
  const std::span<const LogRow> rows(log.rows());
  const std::string path = folder.file("views.db");
  auto one = Views::open(path, {});
  REQUIRE(one);
  REQUIRE((*one)->fold(rows.first(2), 7));
  CHECK((*one)->position(7).offset == rows[1].position);
  CHECK((*one)->position(7).gateway == "plant-7");
  CHECK((*one)->position().offset == 0);
  auto other = Views::open(path, {});
  REQUIRE(other);
  CHECK((*other)->position(7).offset == rows[1].position);
  REQUIRE((*other)->fold(rows.first(1), 3));  // The same event by way of another partition: skipped.
  CHECK((*other)->skipped() == 1);
  const auto refused = (*one)->fold(rows.subspan(2), 7);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().context.find("another replay") != std::string::npos);
}
