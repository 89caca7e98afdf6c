#include "tests/scenario/scenario.h"

#include <cctype>
#include <charconv>
#include <sstream>
#include <stdexcept>

#include "edge/time/timestamp.h"
#include "edge/value/big_decimal.h"

namespace tidemark::test {
namespace {

/// The day on which every scenario happens.
constexpr std::string_view kDay = "2026-03-01T";

[[noreturn]] void wrong(const std::string& what) {
  throw std::runtime_error(what);
}

/// "12:00:03.5" of that day, a whole RFC 3339 text, or "never".
std::int64_t time_of(const std::string& text) {
  if (text == "never") return EventTime::earliest().ns;
  const std::string whole = text.find('T') == std::string::npos ? std::string(kDay) + text + "Z" : text;
  const auto time = parse_rfc3339(whole);
  if (!time) wrong("'" + text + "' is not a time");
  return time->ns;
}

Duration duration_of(const std::string& text) {
  std::int64_t n = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  const std::string unit(rest, text.data() + text.size());
  if (error != std::errc()) wrong("'" + text + "' is not a duration");
  if (unit == "ns") return nanoseconds(n);
  if (unit == "ms") return milliseconds(n);
  if (unit == "s") return seconds(n);
  if (unit == "min") return minutes(n);
  if (unit == "h") return hours(n);
  wrong("'" + text + "' is not a duration");
}

std::uint64_t number_of(const std::string& text) {
  std::uint64_t n = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (error != std::errc() || rest != text.data() + text.size()) wrong("'" + text + "' is not a number");
  return n;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::pair<std::string, std::string> option_of(const std::string& word) {
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos) wrong("'" + word + "' is not key=value");
  return {word.substr(0, equals), word.substr(equals + 1)};
}

std::string flags_text(std::uint16_t flags) {
  std::string text;
  const auto add = [&](std::uint16_t bit, const char* name) {
    if ((flags & bit) == 0) return;
    if (!text.empty()) text += '+';
    text += name;
  };
  add(pane_flag::dedup_unknown, "dedup_unknown");
  add(pane_flag::inexact, "inexact");
  add(pane_flag::restamped, "restamped");
  add(pane_flag::bad_clock, "bad_clock");
  return text.empty() ? "none" : text;
}

std::string time_text(std::int64_t ns) {
  if (ns == EventTime::earliest().ns) return "never";
  const std::int64_t day = time_of("00:00:00");
  const std::int64_t in_day = ns - day;
  if (in_day < 0 || in_day >= days(1).ns) return std::to_string(ns) + "ns";
  const std::int64_t second = in_day / 1'000'000'000;
  const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
  std::string text = two(second / 3600) + ":" + two(second / 60 % 60) + ":" + two(second % 60);
  if (const std::int64_t fraction = in_day % 1'000'000'000; fraction != 0) {
    std::string digits = std::to_string(1'000'000'000 + fraction).substr(1);
    while (digits.back() == '0') digits.pop_back();
    text += "." + digits;
  }
  return text;
}

using Facts = std::map<std::string, std::string>;

void add_state(Facts& facts, const WindowState& state) {
  facts["count"] = std::to_string(state.count());
  facts["sum"] = to_string(state.sum().value());
  facts["min"] = to_string(state.extremes().min);
  facts["max"] = to_string(state.extremes().max);
  facts["first"] = to_string(state.endpoints().first);
  facts["last"] = to_string(state.endpoints().last);
}

Facts facts_of(const EmittedPane& emitted) {
  Facts facts;
  facts["stream"] = emitted.series.stream;
  facts["version"] = std::to_string(emitted.series.version);
  facts["source"] = emitted.series.source;
  facts["tags"] = emitted.series.tags;
  facts["field"] = emitted.series.field;
  facts["start"] = time_text(emitted.pane.start.ns);
  facts["kind"] = std::string(name_of(emitted.pane.kind));
  facts["revision"] = std::to_string(emitted.pane.revision);
  facts["flags"] = flags_text(emitted.pane.flags);
  add_state(facts, emitted.pane.state);
  return facts;
}

Facts facts_of(const ModelFold::Key& key, const ModelFold::Window& window) {
  const auto& [stream, version, source, tags, field, start] = key;
  Facts facts = {{"stream", stream}, {"source", source}, {"tags", tags}, {"field", field}};
  facts["version"] = std::to_string(version);
  facts["start"] = time_text(start);
  facts["revision"] = std::to_string(window.revision);
  facts["flags"] = flags_text(window.flags);
  add_state(facts, window.state());
  return facts;
}

bool agrees(const Facts& facts, const Facts& wanted) {
  for (const auto& [key, value] : wanted) {
    const auto found = facts.find(key);
    if (found == facts.end()) wrong("nothing is called '" + key + "'");
    if (found->second != value) return false;
  }
  return true;
}

std::string text_of(const Facts& facts) {
  std::string text = "\n   ";
  for (const auto& [key, value] : facts) text += " " + key + "=" + value;
  return text;
}

Facts wanted_of(const std::vector<std::string>& words, std::size_t from) {
  Facts wanted;
  for (std::size_t i = from; i < words.size(); ++i) wanted.insert(option_of(words[i]));
  // Starts are compared as they are printed.
  if (const auto start = wanted.find("start"); start != wanted.end() && !start->second.ends_with("ns")) {
    start->second = time_text(time_of(start->second));
  }
  return wanted;
}

/// "@12:00:03.5" becomes milliseconds since 1970.
std::string with_times(const std::string& payload) {
  std::string out;
  for (std::size_t i = 0; i < payload.size();) {
    if (payload[i] != '@') {
      out += payload[i++];
      continue;
    }
    std::size_t end = ++i;
    while (end < payload.size() && (std::isdigit(static_cast<unsigned char>(payload[end])) != 0 ||
                                    payload[end] == ':' || payload[end] == '.')) {
      ++end;
    }
    out += std::to_string(time_of(payload.substr(i, end - i)) / 1'000'000);
    i = end;
  }
  return out;
}

}  // namespace

std::string Scenario::run(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::size_t number = 0;
  wall_ = time_of("12:00:00");
  stood_still_ = wall_ - hours(100).ns;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.empty() || line.front() == '#') continue;
    try {
      command(line);
      if (gateway_ && !gateway_->broken_law().empty()) wrong(gateway_->broken_law());
    } catch (const std::runtime_error& error) {
      return "line " + std::to_string(number) + ": " + line + "\n  " + error.what();
    }
  }
  return {};
}

void Scenario::ready() {
  if (gateway_) return;
  gateway_.emplace(settings_);
  gateway_->start(now());
}

void Scenario::command(const std::string& line) {
  const Words words = words_of(line);
  const std::string& verb = words[0];
  const auto argument = [&](std::size_t i) -> const std::string& {
    if (i >= words.size()) wrong("'" + verb + "' wants more");
    return words[i];
  };
  if (verb == "limit") {
    settings_.max_series = static_cast<std::uint32_t>(number_of(option_of(argument(1)).second));
  } else if (verb == "stream") {
    if (gateway_) wrong("streams come before anything else; later: redefine");
    settings_.streams.emplace_back();
    stream(words, settings_.streams.back());
  } else if (verb == "redefine") {
    ready();
    stream(words, gateway_->settings().streams.at(number_of(argument(1))));
  } else if (verb == "at") {
    run_timers(time_of(argument(1)));
  } else if (verb == "hold") {
    // Intake is paused: the wall clock goes on, the monotonic time of the processor does not.
    const Duration held = duration_of(argument(1));
    wall_ += held.ns;
    stood_still_ += held.ns;
  } else if (verb == "step") {
    // The wall clock is set; no time passes.
    const std::int64_t to = time_of(argument(1));
    stood_still_ += to - wall_;
    wall_ = to;
  } else if (verb == "send") {
    send(line);
  } else if (verb == "group") {
    group();
  } else if (verb == "session") {
    ready();
    gateway_->processor().session_opened(argument(1) == "present");
    ordinal_ = 0;
  } else if (verb == "retire") {
    ready();
    gateway_->processor().retire(words.size() > 1 ? number_of(words[1]) : ordinal_);
  } else if (verb == "snapshot") {
    ready();
    for (std::uint32_t shard = 0; shard < kShardCount; ++shard) gateway_->snapshot(shard);
  } else if (verb == "restart") {
    ready();
    for (EmittedPane& pane : gateway_->restart(now())) panes_.push_back(std::move(pane));
  } else if (verb == "reload") {
    group();
    for (EmittedPane& pane : gateway_->reconfigure(now())) panes_.push_back(std::move(pane));
  } else if (verb == "expect") {
    ready();
    expect(words);
  } else {
    wrong("no such command");
  }
}

void Scenario::stream(const Words& words, StreamDefinition& definition) {
  if (words[0] == "stream") {
    definition.name = "climate";
    definition.topic = "plant/{device}/climate";
    definition.source = "{device}";
    definition.time = "t";
    definition.fields = {{"v", "v", "", FieldKind::gauge}};
    for (const Aggregate& aggregate : aggregates()) {
      definition.aggregates.emplace_back(aggregate.name);
      definition.components = ComponentSet(definition.components.bits() | aggregate.needs.bits());
    }
  }
  for (std::size_t i = words[0] == "stream" ? 1 : 2; i < words.size(); ++i) {
    const auto [key, value] = option_of(words[i]);
    if (key == "name")
      definition.name = value;
    else if (key == "topic")
      definition.topic = value;
    else if (key == "source")
      definition.source = value;
    else if (key == "format")
      definition.format = value == "senml" ? PayloadFormat::senml : PayloadFormat::json;
    else if (key == "time")
      definition.time = value == "none" ? "" : value;
    else if (key == "time_format")
      definition.time_format = value == "iso8601_local" ? TimeFormat::iso8601_local : TimeFormat::milliseconds;
    else if (key == "utc_offset")
      definition.utc_offset = duration_of(value);
    else if (key == "each")
      definition.each = value;
    else if (key == "sequence")
      definition.sequence = value;
    else if (key == "modulus")
      definition.sequence_modulus = number_of(value);
    else if (key == "window")
      definition.window = duration_of(value);
    else if (key == "offset")
      definition.offset = duration_of(value);
    else if (key == "out_of_orderness")
      definition.out_of_orderness = duration_of(value);
    else if (key == "lateness")
      definition.lateness = duration_of(value);
    else if (key == "idle_timeout")
      definition.idle_timeout = duration_of(value);
    else if (key == "evict_after")
      definition.evict_after = duration_of(value);
    else if (key == "series_ttl")
      definition.series_ttl = duration_of(value);
    else if (key == "late_flush")
      definition.late_flush = duration_of(value);
    else if (key == "max_ahead")
      definition.max_ahead = duration_of(value);
    else if (key == "clock_offset")
      definition.clock_offset = duration_of(value);
    else if (key.starts_with("clock_offset."))
      definition.clock_offsets.emplace_back(key.substr(13), duration_of(value));
    else if (key == "floor")
      definition.floor = {time_of(value)};
    else if (key == "watermark")
      definition.watermark_per_series = value == "series";
    else if (key == "duplicates")
      definition.drop_duplicates = value != "keep";
    else if (key == "retained")
      definition.use_retained = value == "use";
    else if (key == "bad_clock") {
      definition.bad_clock = value == "restamp"  ? BadClock::restamp
                             : value == "accept" ? BadClock::accept
                                                 : BadClock::quarantine;
    } else if (key == "fields") {
      definition.fields.clear();
      std::istringstream names(value);
      for (std::string name; std::getline(names, name, ',');) {
        definition.fields.push_back({name, name, "", FieldKind::gauge});
      }
    } else {
      wrong("a stream has no '" + key + "'");
    }
  }
}

void Scenario::send(const std::string& line) {
  ready();
  std::istringstream in(line);
  std::string verb, topic, payload;
  in >> verb >> topic;
  Message message;
  message.arrival = ArrivalTime{wall_};
  for (;;) {
    in >> std::ws;
    const auto place = in.tellg();
    std::string word;
    if (!(in >> word)) break;
    if (word == "dup") {
      message.duplicate = true;
    } else if (word == "retain") {
      message.retained = true;
    } else if (word.starts_with("id=")) {
      message.packet_id = static_cast<std::uint16_t>(number_of(word.substr(3)));
    } else {
      in.clear();
      in.seekg(place);
      std::getline(in, payload);
      break;
    }
  }
  payload = with_times(payload);
  message.topic = topic;
  message.payload = payload;
  message.payload_size = payload.size();
  gateway_->processor().message(message, message.packet_id == 0 ? 0 : ++ordinal_, now().monotonic);
}

void Scenario::group() {
  ready();
  for (EmittedPane& pane : gateway_->end_group(now())) panes_.push_back(std::move(pane));
}

/// Time goes on to `until`; what falls due on the way leaves at its moment.
void Scenario::run_timers(std::int64_t until) {
  if (until < wall_) wrong("time does not go back: use step");
  while (gateway_) {
    const MonotonicTime due = gateway_->processor().next_timer();
    if (due == MonotonicTime::latest() || due.ns + stood_still_ >= until) break;
    wall_ = std::max(wall_, due.ns + stood_still_);
    group();
  }
  wall_ = until;
  if (gateway_ && gateway_->processor().next_timer() <= now().monotonic) group();
}

void Scenario::expect(const Words& words) {
  const std::string& what = words.at(1);
  if (what == "pane") {
    expect_pane(words);
  } else if (what == "no") {
    if (panes_.empty()) return;
    std::string text = "there are panes:";
    for (const EmittedPane& pane : panes_) text += text_of(facts_of(pane));
    wrong(text);
  } else if (what == "fold") {
    expect_fold(words);
  } else if (what == "counter") {
    expect_counter(words);
  } else if (what == "watermark" || what == "sealed") {
    expect_mark(words);
  } else if (what == "generation") {
    expect_generation(words);
  } else if (what == "letter") {
    const auto& letters = gateway_->dead_letters();
    if (letters_seen_ >= letters.size()) wrong("there is no further dead letter");
    const DeadLetter& letter = letters[letters_seen_++];
    if (letter.reason != words.at(2)) wrong("its reason is " + letter.reason);
  } else {
    wrong("nothing to expect is called '" + what + "'");
  }
}

void Scenario::expect_pane(const Words& words) {
  const Facts wanted = wanted_of(words, 2);
  std::string others;
  for (auto pane = panes_.begin(); pane != panes_.end(); ++pane) {
    const Facts facts = facts_of(*pane);
    if (agrees(facts, wanted)) {
      panes_.erase(pane);
      return;
    }
    others += text_of(facts);
  }
  wrong("no such pane; there are:" + others);
}

void Scenario::expect_fold(const Words& words) {
  const Facts wanted = wanted_of(words, 2);
  std::size_t found = 0;
  std::string others;
  for (const auto& [key, window] : gateway_->fold().windows()) {
    const Facts facts = facts_of(key, window);
    if (agrees(facts, wanted)) ++found;
    others += text_of(facts);
  }
  if (found != 1) wrong(std::to_string(found) + " windows of the fold are so; there are:" + others);
}

/// expect counter NAME = N [stream=..] [source=..]: of a source by its name, of a stream, or of everything.
void Scenario::expect_counter(const Words& words) {
  const State& state = gateway_->state();
  Options scope;
  for (std::size_t i = 5; i < words.size(); ++i) scope.insert(option_of(words[i]));
  Ledger ledger;
  if (!scope.contains("source") && !scope.contains("stream")) ledger.merge(state.gateway);
  for (const StreamState& stream : state.streams) {
    if (scope.contains("source") || (scope.contains("stream") && scope["stream"] != stream.name)) continue;
    ledger.merge(stream.total);
  }
  for (const auto& source : state.sources) {
    if (source && scope.contains("source") && scope["source"] == source->name) ledger.merge(source->ledger);
  }
  std::optional<Counter> counter;
  for (unsigned code = 0; code < 256; ++code) {
    if (name_of(static_cast<Counter>(code)) == words.at(2)) counter = static_cast<Counter>(code);
  }
  if (!counter || words.at(3) != "=") wrong("expect counter NAME = N");
  if (ledger[*counter] != number_of(words.at(4))) wrong("it is " + std::to_string(ledger[*counter]));
}

/// expect watermark|sealed SOURCE TIME [tags]: of the source's first series where watermarks are kept by series.
void Scenario::expect_mark(const Words& words) {
  const State& state = gateway_->state();
  const std::string& name = words.at(2);
  const std::string field = words.size() > 4 ? words[4] : "";
  for (const auto& source : state.sources) {
    if (!source || source->name != name) continue;
    Progress progress = source->progress;
    for (const std::uint32_t id : source->series) {
      const Series& series = *state.series[id];
      if (series.label->field == field) progress = own_progress(series);
    }
    const std::int64_t is = words[1] == "sealed" ? progress.sealed_through.ns : progress.watermark.ns;
    if (is != time_of(words.at(3))) wrong("it is " + time_text(is));
    return;
  }
  wrong("no such source");
}

/// expect generation SOURCE N: of its clock.
void Scenario::expect_generation(const Words& words) {
  for (const auto& source : gateway_->state().sources) {
    if (!source || source->name != words.at(2)) continue;
    if (source->generation != number_of(words.at(3))) wrong("it is " + std::to_string(source->generation));
    return;
  }
  wrong("no such source");
}

}  // namespace tidemark::test
