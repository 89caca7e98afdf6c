// tidemark export: the views as canonical text.
#include "gateway/replay/export.h"

#include <fmt/format.h>
#include <signal.h>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/commands/window_size.h"
#include "gateway/config/units.h"

namespace tidemark {
namespace {

/// An output without a row is no failure, yet it is seldom what was wanted.
void say_why_empty(const ExportCommand& command, const Exported& exported) {
  if (exported.sizes.empty()) {
    fmt::print(stderr, "{} holds no windows: none has been emitted in the log it was made of\n", command.views);
    return;
  }
  std::vector<std::string> sizes;
  for (const Duration size : exported.sizes) sizes.push_back(format_duration(size));
  fmt::print(stderr,
             "{} holds no windows of {}, only of {}; `tidemark replay --rollup SIZE` adds sizes that are a multiple of "
             "the stream's window\n",
             command.views, command.size, fmt::join(sizes, ", "));
}

}  // namespace

int export_fold(const ExportCommand& command) {
  signal(SIGPIPE, SIG_IGN);  // said like any other failure to write
  std::optional<Duration> size;
  if (!command.size.empty()) {
    size = parse_window_size("--size", command.size);
    if (!size) return kExitBadConfiguration;
  }
  const ExportFormat format = command.format == "jsonl" ? ExportFormat::jsonl : ExportFormat::csv;
  const auto done = export_views(command.views, size, format, stdout);
  if (!done) {
    fmt::print(stderr, "{}\n", done.error().context);
    return 1;
  }
  if (done->windows == 0) say_why_empty(command, *done);
  return 0;
}

}  // namespace tidemark
