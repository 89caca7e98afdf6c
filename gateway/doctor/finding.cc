#include "gateway/doctor/finding.h"

#include <fmt/format.h>

#include <algorithm>

#include "edge/bytes/json_text.h"

namespace tidemark::doctor {
namespace {

/// Errors of libraries come with line ends, and what a broker says may hold anything.
std::string one_line(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

std::string counted(std::int64_t count, std::string_view name) {
  return fmt::format("{} {}{}", count, name, count == 1 ? "" : "s");
}

}  // namespace

std::string_view name_of(Level level) {
  switch (level) {
    case Level::ok:
      return "ok";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "";
}

std::string text_line(const Finding& finding) {
  std::string out = fmt::format("{:<8} {:<13} {}", name_of(finding.level), finding.area, one_line(finding.what));
  if (!finding.remedy.empty()) out += "; " + one_line(finding.remedy);
  return out;
}

std::string json_line(const Finding& finding) {
  std::string out = fmt::format(R"({{"level":"{}","area":"{}","what":)", name_of(finding.level), finding.area);
  append_json_text(out, one_line(finding.what));
  out += ",\"do\":";
  append_json_text(out, one_line(finding.remedy));
  return out + "}";
}

int exit_status(const Findings& findings) {
  Level worst = Level::ok;
  for (const Finding& finding : findings) worst = std::max(worst, finding.level);
  return static_cast<int>(worst);
}

std::string summary(const Findings& findings) {
  const auto errors = std::ranges::count(findings, Level::error, &Finding::level);
  const auto warnings = std::ranges::count(findings, Level::warning, &Finding::level);
  if (errors == 0 && warnings == 0) return "all is well";
  if (errors == 0) return counted(warnings, "warning");
  if (warnings == 0) return counted(errors, "error");
  return counted(errors, "error") + ", " + counted(warnings, "warning");
}

}  // namespace tidemark::doctor
