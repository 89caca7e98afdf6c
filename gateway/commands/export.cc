// tidemark export: the views as canonical text.
#include "gateway/replay/export.h"

#include <fmt/format.h>
#include <signal.h>

#include "gateway/commands/command.h"
#include "gateway/commands/configured.h"
#include "gateway/config/units.h"

namespace tidemark {

int export_fold(const ExportCommand& command) {
  signal(SIGPIPE, SIG_IGN);  // said like any other failure to write
  std::optional<Duration> size;
  if (!command.size.empty()) {
    const auto parsed = parse_duration(command.size);
    if (!parsed || parsed->ns <= 0) {
      fmt::print(stderr, "--size \"{}\": not a size such as 10s, 1min or 1h\n", command.size);
      return kExitBadConfiguration;
    }
    size = *parsed;
  }
  const ExportFormat format = command.format == "jsonl" ? ExportFormat::jsonl : ExportFormat::csv;
  const auto done = export_views(command.views, size, format, stdout);
  if (done) return 0;
  fmt::print(stderr, "{}\n", done.error().context);
  return 1;
}

}  // namespace tidemark
