// What the doctor says: of one area, that it is well, or what is wrong with it and what to do.
//
// An area is a pair: facts are gathered (the only part that touches the world, each wait with a limit), then judged by
// a pure function from facts to findings.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidemark::doctor {

enum class Level : std::uint8_t {
  ok,
  warning,  // it works, and something is lost or stops when one more thing goes wrong
  error,    // it does not work, or loses what it promises to keep
};

struct Finding {
  Level level = Level::ok;
  std::string area;
  std::string what;
  std::string remedy;  // what to do; empty with `ok`
  friend bool operator==(const Finding&, const Finding&) = default;
};

using Findings = std::vector<Finding>;

/// The findings of one area, in the order in which they are added.
class Report {
 public:
  explicit Report(std::string area) : area_(std::move(area)) {}

  void ok(std::string what) { findings_.push_back({Level::ok, area_, std::move(what), {}}); }
  void warning(std::string what, std::string remedy) {
    findings_.push_back({Level::warning, area_, std::move(what), std::move(remedy)});
  }
  void error(std::string what, std::string remedy) {
    findings_.push_back({Level::error, area_, std::move(what), std::move(remedy)});
  }
  [[nodiscard]] Findings take() { return std::move(findings_); }

 private:
  std::string area_;
  Findings findings_;
};

/// "ok", "warning", "error".
std::string_view name_of(Level level);

/// "warning  clock    what is; what to do": one line without its end, whatever a broker has put into it.
std::string text_line(const Finding& finding);

/// {"level":…,"area":…,"what":…,"do":…}
std::string json_line(const Finding& finding);

/// 0 all is well, 1 there are warnings, 2 there are errors.
int exit_status(const Findings& findings);

/// "all is well", or how many warnings and errors there are.
std::string summary(const Findings& findings);

}  // namespace tidemark::doctor
