#include "gateway/config/stream_loader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include "edge/bytes/assert.h"
#include "edge/decode/decoder.h"
#include "edge/decode/label.h"
#include "edge/decode/scalar_decoder.h"
#include "edge/time/timestamp.h"
#include "gateway/config/aggregate_names.h"
#include "gateway/config/nearest.h"
#include "gateway/config/section.h"
#include "gateway/config/units.h"

namespace tidemark {
namespace {

constexpr std::array<Choice<PayloadFormat>, 5> kFormats = {{{"json", PayloadFormat::json},
                                                            {"scalar", PayloadFormat::scalar},
                                                            {"batch", PayloadFormat::batch},
                                                            {"line_protocol", PayloadFormat::line_protocol},
                                                            {"senml", PayloadFormat::senml}}};
constexpr std::array<std::string_view, 1> kLaterFormats = {"sparkplug"};
constexpr std::array<Choice<TimeFormat>, 6> kTimeFormats = {{{"s", TimeFormat::seconds},
                                                             {"ms", TimeFormat::milliseconds},
                                                             {"us", TimeFormat::microseconds},
                                                             {"ns", TimeFormat::nanoseconds},
                                                             {"rfc3339", TimeFormat::rfc3339},
                                                             {"iso8601_local", TimeFormat::iso8601_local}}};
constexpr std::array<Choice<BadClock>, 3> kBadClocks = {
    {{"quarantine", BadClock::quarantine}, {"restamp", BadClock::restamp}, {"accept", BadClock::accept}}};
constexpr std::array<Choice<bool>, 2> kWatermarks = {{{"source", false}, {"series", true}}};
constexpr std::array<Choice<bool>, 2> kDuplicates = {{{"drop", true}, {"keep", false}}};
constexpr std::array<Choice<bool>, 2> kRetained = {{{"skip", false}, {"use", true}}};
constexpr std::array<Choice<FieldKind>, 3> kKinds = {
    {{"gauge", FieldKind::gauge}, {"counter", FieldKind::counter}, {"state", FieldKind::state}}};

constexpr DurationRange kClockOffsets{days(-365), days(365)};

constexpr std::uint64_t kModulus32 = 1ull << 32;

// Names go into keys, files and metrics' labels of every reader.
bool is_stream_name(std::string_view name) {
  return !name.empty() && name.size() <= 128 && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// Both stand in every event, whose readers take no text without end; what devices name is held to the same (label.h).
void check_length(Section& section, std::string_view key, const std::string& text) {
  if (text.size() <= kMaxLabelBytes) return;
  section.wrong(key, fmt::format("has {} bytes", text.size()),
                key == "path" ? fmt::format("write a name of at most {} beside it", kMaxLabelBytes)
                              : fmt::format("write at most {}", kMaxLabelBytes));
}

class StreamLoader {
 public:
  StreamLoader(const toml::table& table, const PayloadLimits& limits, ProblemList& problems)
      : limits_(limits), problems_(problems), section_(&table, "stream", position_of(table), problems) {}

  LoadedStream load() {
    load_identity();
    load_tags();
    load_payload();
    load_times();
    load_choices();
    load_aggregates();
    load_fields();
    for (const std::string_view key :
         {"name", "topic", "source", "each", "time", "time_format", "sequence", "window", "lateness"}) {
      if (section_.has(key)) out_.places.emplace(key, section_.position(key));
    }
    out_.places.emplace("", section_.header());
    section_.finish();
    check_decoder();
    return std::move(out_);
  }

 private:
  void load_identity();
  void load_tags();
  void load_payload();
  void load_utc_offset();
  void load_times();
  void load_clock_offsets();
  void load_floor();
  void load_choices();
  void load_aggregates();
  void load_fields();
  void check_decoder();

  const PayloadLimits& limits_;
  ProblemList& problems_;
  Section section_;
  LoadedStream out_;
};

void StreamLoader::load_identity() {
  StreamDefinition& stream = out_.definition;
  if (section_.text("name", stream.name)) {
    if (!is_stream_name(stream.name)) {
      section_.wrong("name", fmt::format("{} cannot be used", in_quotes(stream.name)),
                     "write 1 to 128 letters, digits, '.', '_' or '-'");
      stream.name.clear();
    }
  } else if (!section_.has("name")) {
    section_.missing("name", "write name = \"climate\", another for each stream");
  }
  if (!section_.text("topic", stream.topic) && !section_.has("topic")) {
    section_.missing("topic", "write topic = \"plant/{device}/climate\"");
  }
  section_.text("source", stream.source);
}

void StreamLoader::load_tags() {
  const toml::table* const tags = section_.table("tags");
  if (tags == nullptr) return;
  out_.definition.default_tags = false;
  Section section(tags, "stream.tags", position_of(*tags), problems_);
  for (const auto& [key, node] : *tags) {
    const std::string name(key.str());
    std::string value;
    out_.places.emplace("tags." + name, position_of(node));
    if (name.empty()) {
      section.wrong(name, "has an empty name", "name the tag");
    }
    if (section.text(name, value)) out_.definition.tags.emplace_back(name, value);
  }
  std::ranges::sort(out_.definition.tags);
}

void StreamLoader::load_payload() {
  StreamDefinition& stream = out_.definition;
  section_.choice<PayloadFormat>("format", kFormats, kLaterFormats, stream.format);
  section_.text("each", stream.each);
  section_.text("time", stream.time);
  // A line's time has its place, and nanoseconds unless said otherwise.
  const bool lines = stream.format == PayloadFormat::line_protocol;
  if (lines) stream.time_format = TimeFormat::nanoseconds;
  section_.choice<TimeFormat>("time_format", kTimeFormats, {}, stream.time_format);
  if (section_.has("time_format") && !section_.has("time") && !carries_time(stream.format)) {
    section_.wrong("time_format", "has no time beside it", "write the path of the time, such as time = \"ts\"");
  }
  load_utc_offset();
  section_.text("sequence", stream.sequence);
  std::int64_t modulus = 0;
  if (section_.integer("sequence_modulus", 1, kModulus32, modulus)) {
    stream.sequence_modulus = static_cast<std::uint64_t>(modulus);
    if (modulus != 256 && modulus != 65'536 && stream.sequence_modulus != kModulus32) {
      section_.wrong("sequence_modulus", fmt::format("is {}", modulus),
                     "write 256, 65536 or 4294967296, or leave it out for numbers that never start again");
    }
  }
  if (section_.has("sequence_modulus") && !section_.has("sequence")) {
    section_.wrong("sequence_modulus", "has no sequence beside it",
                   "write the path of the number, such as sequence = \"n\"");
  }
}

void StreamLoader::load_utc_offset() {
  StreamDefinition& stream = out_.definition;
  const bool local = stream.time_format == TimeFormat::iso8601_local;
  std::string text;
  if (section_.text("utc_offset", text)) {
    const auto offset = parse_utc_offset(text);
    if (!offset) {
      section_.wrong("utc_offset", fmt::format("{} is not one", in_quotes(text)),
                     "write how far the devices' clocks are ahead of UTC, such as \"+02:00\"");
    } else if (!local) {
      section_.wrong("utc_offset", "has no local time beside it",
                     "write time_format = \"iso8601_local\", or leave utc_offset out");
    } else {
      stream.utc_offset = *offset;
    }
  } else if (local && !section_.has("utc_offset")) {
    section_.missing("utc_offset",
                     "write how far the devices' clocks are ahead of UTC, such as utc_offset = \"+02:00\"");
  }
}

void StreamLoader::load_times() {
  StreamDefinition& stream = out_.definition;
  const DurationRange any{Duration{}, days(365)};
  // Larger results are merged from these in the views.
  section_.duration("window", {milliseconds(1), days(1)}, stream.window);
  if (section_.duration("offset", any, stream.offset) && stream.offset >= stream.window) {
    section_.wrong("offset",
                   fmt::format("is {}, not below the window of {}", format_duration(stream.offset),
                               format_duration(stream.window)),
                   "write 0s or more, and less than the window");
    stream.offset = {};
  }
  section_.duration("out_of_orderness", any, stream.out_of_orderness);
  section_.duration("lateness", any, stream.lateness);
  section_.duration("idle_timeout", any, stream.idle_timeout);
  section_.duration("evict_after", {seconds(1), days(365)}, stream.evict_after);
  section_.duration("late_flush", any, stream.late_flush);
  section_.duration("max_ahead", any, stream.max_ahead);
  section_.duration("clock_offset", kClockOffsets, stream.clock_offset);
  load_clock_offsets();
  if (section_.duration("series_ttl", {minutes(1), days(3650)}, stream.series_ttl) &&
      stream.series_ttl < stream.evict_after) {
    section_.wrong("series_ttl",
                   fmt::format("is {}, below evict_after of {}", format_duration(stream.series_ttl),
                               format_duration(stream.evict_after)),
                   "a series can be forgotten only after its windows: make it at least stream.evict_after");
  }
  load_floor();
  section_.later("period");
}

void StreamLoader::load_clock_offsets() {
  const toml::table* const offsets = section_.table("clock_offsets");
  if (offsets == nullptr) return;
  Section section(offsets, "stream.clock_offsets", position_of(*offsets), problems_);
  for (const auto& [key, node] : *offsets) {
    Duration offset{};
    const std::string source(key.str());
    if (section.duration(source, kClockOffsets, offset)) {
      out_.definition.clock_offsets.emplace_back(source, offset);
    }
  }
  std::ranges::sort(out_.definition.clock_offsets);
}

// A TOML date or date with time; without an offset it is UTC, as every time here.
void StreamLoader::load_floor() {
  const toml::node* const node = section_.find("floor");
  if (node == nullptr) return;
  std::optional<toml::date> date;
  toml::time time{};
  int offset = 0;
  if (const auto* const plain = node->as_date()) date = plain->get();
  if (const auto* const full = node->as_date_time()) {
    date = full->get().date;
    time = full->get().time;
    if (full->get().offset) offset = full->get().offset->minutes;
  }
  if (!date) {
    section_.wrong("floor", "is not a date", "write it without quotes, such as floor = 2015-01-01");
    return;
  }
  const auto floor = parse_rfc3339(fmt::format(
      "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}{}{:02}:{:02}", date->year, date->month, date->day, time.hour,
      time.minute, time.second, time.nanosecond, offset < 0 ? '-' : '+', std::abs(offset) / 60, std::abs(offset) % 60));
  if (floor) {
    out_.definition.floor = *floor;
  } else {
    section_.wrong("floor", "is beyond the times that can be kept", "write a date from 1775-02-25 to 2164-11-06");
  }
}

void StreamLoader::load_choices() {
  StreamDefinition& stream = out_.definition;
  section_.choice<BadClock>("bad_clock", kBadClocks, {}, stream.bad_clock);
  section_.choice<bool>("watermark", kWatermarks, {}, stream.watermark_per_series);
  section_.choice<bool>("duplicates", kDuplicates, {}, stream.drop_duplicates);
  section_.choice<bool>("retained", kRetained, {}, stream.use_retained);
}

void StreamLoader::load_aggregates() {
  StreamDefinition& stream = out_.definition;
  std::vector<PlacedText> texts;
  const bool read = section_.texts("aggregates", texts);
  if (!section_.has("aggregates")) {
    for (const std::string_view name : available_aggregates()) texts.push_back({std::string(name), section_.header()});
  } else if (read && texts.empty()) {
    section_.wrong("aggregates", "is empty", "name at least one, or leave the key out for all");
  }
  for (const PlacedText& text : texts) {
    if (std::ranges::find(stream.aggregates, text.text) != stream.aggregates.end()) {
      problems_.add(text.position,
                    {fmt::format("the aggregate {} stands here twice", in_quotes(text.text)), "write it once"});
    } else if (const auto components = components_of(text.text)) {
      stream.aggregates.push_back(text.text);
      stream.components = ComponentSet(stream.components.bits() | components->bits());
    } else if (is_later_aggregate(text.text)) {
      problems_.add(text.position,
                    {fmt::format("the aggregate {} is not available in this version", in_quotes(text.text)),
                     fmt::format("available: {}", fmt::join(available_aggregates(), ", "))});
    } else {
      problems_.add(text.position, {fmt::format("unknown aggregate {}", in_quotes(text.text)),
                                    suggestion(text.text, available_aggregates(), "known aggregates")});
    }
  }
}

void StreamLoader::load_fields() {
  std::set<std::string> names;
  const bool scalar = out_.definition.format == PayloadFormat::scalar;
  for (const toml::table* const table : section_.tables("field")) {
    Section section(table, "stream.field", position_of(*table), problems_);
    FieldDefinition field;
    if (!section.text("path", field.path) && !section.has("path")) {
      if (scalar) {
        field.name = kScalarName;  // its payload is the value: there is nothing to lead to
      } else {
        section.missing("path", "write the field's path in the payload, such as path = \"climate.temperature\"");
      }
    }
    if (!field.path.empty()) field.name = field.path;
    const bool named = section.text("name", field.name);
    check_length(section, named ? "name" : "path", field.name);
    section.text("unit", field.unit);
    check_length(section, "unit", field.unit);
    section.choice<FieldKind>("kind", kKinds, {}, field.kind);
    section.finish();
    if (!field.name.empty() && !names.insert(field.name).second) {
      section.wrong(section.has("name") ? "name" : "path",
                    fmt::format("{} names an earlier field, too", in_quotes(field.name)),
                    "give each field of a stream a name of its own");
    }
    out_.places.emplace(fmt::format("field[{}]", out_.definition.fields.size()), section.header());
    out_.places.emplace(fmt::format("field[{}].path", out_.definition.fields.size()), section.position("path"));
    out_.definition.fields.push_back(field);
  }
}

// A path that no decoder refuses, and no other field has.
void take_out(FieldDefinition& field, std::size_t index) {
  field.path = fmt::format("taken_out.{}", index);  // two keys: line protocol wants as many
  field.name = field.path;
}

// Makes a stream that fails with `key` into one without the key, so that the next mistake shows, too. False: the other
// templates and paths depend on it, and what was said of them would mislead.
bool take_out(const std::string& key, StreamDefinition& stream) {
  if (key == "source") {
    stream.source.clear();
  } else if (key == "time") {
    stream.time.clear();
  } else if (key == "time_format") {
    stream.time_format = TimeFormat::nanoseconds;
  } else if (key == "sequence") {
    stream.sequence.clear();
  } else if (key.starts_with("tags.")) {
    return std::erase_if(stream.tags, [&](const auto& tag) { return "tags." + tag.first == key; }) > 0;
  } else {
    for (std::size_t i = 0; i < stream.fields.size(); ++i) {
      if (key != fmt::format("field[{}].path", i)) continue;
      take_out(stream.fields[i], i);
      return true;
    }
    return false;
  }
  return true;
}

// Templates and paths are the decoder's own: it reads them here as it will at work.
void StreamLoader::check_decoder() {
  StreamDefinition stream = out_.definition;
  if (stream.topic.empty()) return;
  for (std::size_t i = 0; i < stream.fields.size(); ++i) {
    if (stream.fields[i].path.empty() && stream.format != PayloadFormat::scalar) {
      take_out(stream.fields[i], i);  // reported already
    }
  }
  // Each round takes out one key; a decoder that goes on refusing the same one ends it, too.
  for (std::size_t rounds = 5 + stream.tags.size() + stream.fields.size(); rounds > 0; --rounds) {
    const auto decoder = Decoder::create(stream, limits_);
    if (decoder) return;
    // "tags.site: what would be right"
    const std::string& context = decoder.error().context;
    const std::size_t colon = context.find(": ");
    TIDEMARK_ASSERT(colon != std::string::npos);
    const std::string key = context.substr(0, colon);
    const auto place = out_.places.find(key);
    problems_.add(place == out_.places.end() ? section_.header() : place->second,
                  {fmt::format("stream.{} is wrong", key), context.substr(colon + 2)});
    if (!take_out(key, stream)) return;
  }
}

}  // namespace

LoadedStream load_stream(const toml::table& table, const PayloadLimits& limits, ProblemList& problems) {
  return StreamLoader(table, limits, problems).load();
}

}  // namespace tidemark
