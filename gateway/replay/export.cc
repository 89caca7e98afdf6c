#include "gateway/replay/export.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>
#include <tuple>
#include <vector>

#include "edge/aggregate/results.h"
#include "edge/bytes/byte_reader.h"
#include "edge/bytes/json_text.h"
#include "gateway/config/units.h"
#include "gateway/replay/views_schema.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 19> kColumns = {
    "gateway", "stream", "version", "source", "tags",       "field", "size",      "start",    "count", "sum",
    "mean",    "min",    "max",     "first",  "first_time", "last",  "last_time", "variance", "stddev"};

struct Cell {
  std::string text;  // empty: does not apply
  bool is_text = false;
};
using Row = std::vector<Cell>;

/// std::to_chars: the shortest text that reads back as the same double.
std::string shortest(std::optional<double> value) {
  if (!value) return {};
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), *value == 0 ? 0.0 : *value);
  return {text.data(), end};
}

void append_csv(std::string& out, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i != 0) out.push_back(',');
    const std::string& text = row[i].text;
    if (text.find_first_of(",\"\r\n") == std::string::npos) {
      out += text;
      continue;
    }
    out.push_back('"');
    for (const char c : text) {
      if (c == '"') out.push_back('"');
      out.push_back(c);
    }
    out.push_back('"');
  }
  out.push_back('\n');
}

void append_json(std::string& out, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    out.push_back(i == 0 ? '{' : ',');
    append_json_text(out, kColumns[i]);
    out.push_back(':');
    if (row[i].is_text) {
      append_json_text(out, row[i].text);
    } else {
      out += row[i].text.empty() ? "null" : row[i].text;
    }
  }
  out += "}\n";
}

void append_results(Row& row, const WindowState& state) {
  const ComponentSet kept = state.kept();
  const auto add = [&row](std::string text) { row.push_back({std::move(text), false}); };
  add(std::to_string(state.count()));
  add(kept.has(Component::sum) ? to_string(state.sum().value()) : "");
  add(shortest(mean(state)));
  const bool extremes = kept.has(Component::extremes);
  add(extremes ? to_string(state.extremes().min) : "");
  add(extremes ? to_string(state.extremes().max) : "");
  const bool endpoints = kept.has(Component::endpoints);
  const Endpoints ends = endpoints ? state.endpoints() : Endpoints{};
  add(endpoints ? to_string(ends.first) : "");
  add(endpoints ? std::to_string(ends.first_time.ns) : "");
  add(endpoints ? to_string(ends.last) : "");
  add(endpoints ? std::to_string(ends.last_time.ns) : "");
  add(shortest(variance(state)));
  add(shortest(stddev(state)));
}

struct Series {
  std::int64_t id = 0;
  std::string gateway, stream, source, tags, field, unit;
  std::int64_t version = 0, size = 0, kind = 0, components = 0;

  [[nodiscard]] auto order() const {
    return std::tie(gateway, stream, version, source, tags, field, size, unit, kind, components, id);
  }
};

Viewed<std::vector<Series>> series_of(Database& database, std::optional<Duration> size) {
  Query rows = database.prepare(
      "SELECT id, gateway, stream, version, source, tags, field, size, unit, kind, components FROM series"
      " WHERE CASE WHEN ?1 IS NULL THEN base IS NULL ELSE size = ?1 END");
  size ? rows.bind(size->ns) : rows.bind_null();
  std::vector<Series> all;
  const auto read = rows.each([&] {
    Series& series = all.emplace_back();
    series.id = rows.integer(0);
    series.gateway = rows.bytes(1);
    series.stream = rows.bytes(2);
    series.version = rows.integer(3);
    series.source = rows.bytes(4);
    series.tags = rows.bytes(5);
    series.field = rows.bytes(6);
    series.size = rows.integer(7);
    series.unit = rows.bytes(8);
    series.kind = rows.integer(9);
    series.components = rows.integer(10);
  });
  if (!read) return tl::unexpected(read.error());
  std::sort(all.begin(), all.end(), [](const Series& a, const Series& b) { return a.order() < b.order(); });
  return all;
}

Viewed<std::vector<Duration>> sizes_of(Database& database) {
  Query rows = database.prepare(
      "SELECT DISTINCT size FROM series WHERE EXISTS(SELECT 1 FROM result WHERE series = series.id) ORDER BY size");
  std::vector<Duration> sizes;
  const auto read = rows.each([&] { sizes.push_back({rows.integer(0)}); });
  if (!read) return tl::unexpected(read.error());
  return sizes;
}

Viewed<void> check_views(Database& database, const std::string& path) {
  Query about = database.prepare(
      "SELECT (SELECT application_id FROM pragma_application_id), (SELECT user_version FROM pragma_user_version)");
  const auto row = about.next();
  if (!row) return tl::unexpected(row.error());
  if (about.integer(0) == kViewsApplicationId && about.integer(1) == kViewsVersion) return {};
  return fail(ViewsError::not_ours, path + " holds no views of this version; `tidemark replay` makes them");
}

class Output {
 public:
  explicit Output(std::FILE* file) : file_(file) {}
  std::string& buffer() { return buffer_; }
  Viewed<void> flush_if_full() { return buffer_.size() < 64 * 1024 ? Viewed<void>() : flush(); }
  Viewed<void> flush() {
    const bool written =
        std::fwrite(buffer_.data(), 1, buffer_.size(), file_) == buffer_.size() && std::fflush(file_) == 0;
    buffer_.clear();
    if (written) return {};
    return fail(ViewsError::failed, std::string("the output cannot be written: ") + std::strerror(errno));
  }

 private:
  std::FILE* file_;
  std::string buffer_;
};

}  // namespace

Viewed<Exported> export_views(const std::string& path, std::optional<Duration> size, ExportFormat format,
                              std::FILE* out) {
  auto database = Database::open(path, Database::Mode::read);
  if (!database) return tl::unexpected(database.error());
  if (auto ours = check_views(**database, path); !ours) return tl::unexpected(ours.error());
  // One moment of the views, however long it takes and whoever writes meanwhile.
  if (auto begun = (*database)->execute("BEGIN"); !begun) return tl::unexpected(begun.error());
  const auto all = series_of(**database, size);
  if (!all) return tl::unexpected(all.error());
  Exported exported;
  Output output(out);
  if (format == ExportFormat::csv) {
    Row header;
    for (const std::string_view column : kColumns) header.push_back({std::string(column), true});
    append_csv(output.buffer(), header);
  }
  Query windows = (*database)->prepare("SELECT start, state FROM result WHERE series = ? ORDER BY start");
  for (const Series& series : *all) {
    const Row names = {
        {series.gateway, true}, {series.stream, true}, {std::to_string(series.version), false}, {series.source, true},
        {series.tags, true},    {series.field, true},  {std::to_string(series.size), false}};
    windows.bind(series.id);
    const auto written = windows.each([&]() -> Viewed<void> {
      ByteReader in(windows.bytes(1));
      const WindowState state = WindowState::decode(in);
      if (!in.ok() || state.empty()) {
        return fail(ViewsError::failed,
                    path + " holds a window that cannot be read; delete the file and replay the log");
      }
      Row cells = names;
      cells.push_back({std::to_string(windows.integer(0)), false});
      append_results(cells, state);
      format == ExportFormat::csv ? append_csv(output.buffer(), cells) : append_json(output.buffer(), cells);
      ++exported.windows;
      return output.flush_if_full();
    });
    if (!written) return tl::unexpected(written.error());
  }
  if (exported.windows == 0) {
    auto sizes = sizes_of(**database);
    if (!sizes) return tl::unexpected(sizes.error());
    exported.sizes = std::move(*sizes);
  }
  if (auto done = output.flush(); !done) return tl::unexpected(done.error());
  return exported;
}

}  // namespace tidemark
