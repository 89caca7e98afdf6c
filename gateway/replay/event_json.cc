#include "gateway/replay/event_json.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <iterator>
#include <optional>
#include <string_view>

#include "edge/aggregate/results.h"
#include "edge/bytes/json_text.h"
#include "edge/event/event.h"
#include "edge/stream/field_kind_name.h"

namespace tidemark {
namespace {

/// Members of one object after another.
class Json {
 public:
  Json& open(char bracket) {
    comma();
    out_.push_back(bracket);
    first_ = true;
    return *this;
  }
  Json& close(char bracket) {
    out_.push_back(bracket);
    first_ = false;
    return *this;
  }
  Json& key(std::string_view name) {
    comma();
    append_json_text(out_, name);
    out_.push_back(':');
    first_ = true;
    return *this;
  }
  Json& text(std::string_view value) {
    comma();
    append_json_text(out_, value);
    return *this;
  }
  Json& raw(std::string_view value) {
    comma();
    out_ += value;
    return *this;
  }
  template <typename Integer>
  Json& number(Integer value) {
    return raw(std::to_string(value));
  }
  Json& real(std::optional<double> value) {
    if (!value) return raw("null");
    std::array<char, 32> digits;
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), *value);
    return raw({digits.data(), static_cast<std::size_t>(end - digits.data())});
  }
  std::string take() { return std::move(out_); }

 private:
  void comma() {
    if (!first_) out_.push_back(',');
    first_ = false;
  }
  std::string out_;
  bool first_ = true;
};

std::string hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::string hex(const Digest& digest) {
  std::string out;
  for (const std::uint8_t byte : digest) fmt::format_to(std::back_inserter(out), "{:02x}", byte);
  return out;
}

void append_header(Json& json, const EventHeader& header) {
  json.key("gateway").text(header.gateway).key("epoch").text(hex(header.epoch)).key("sequence").number(header.sequence);
  if (header.previous_epoch != 0) {
    json.key("previous_epoch").text(hex(header.previous_epoch));
    json.key("previous_sequence").number(header.previous_sequence);
  }
  json.key("digest").text(hex(header.digest)).key("committed_at").number(header.committed_at.ns);
}

void append_flags(Json& json, std::uint16_t flags) {
  constexpr std::array<std::pair<std::uint16_t, std::string_view>, 5> kNames = {
      {{pane_flag::order_incomplete, "order_incomplete"},
       {pane_flag::dedup_unknown, "dedup_unknown"},
       {pane_flag::inexact, "inexact"},
       {pane_flag::restamped, "restamped"},
       {pane_flag::bad_clock, "bad_clock"}}};
  json.key("flags").open('[');
  for (const auto& [bit, name] : kNames) {
    if ((flags & bit) != 0) json.text(name);
  }
  json.close(']');
}

void append_pane(Json& json, const SeriesIdentity& series, const Pane& pane) {
  json.open('{').key("stream").text(series.stream).key("version").number(series.version);
  json.key("source").text(series.source).key("tags").text(series.tags).key("field").text(series.field);
  json.key("unit").text(series.unit).key("field_kind").text(name_of(series.kind)).key("size").number(series.size.ns);
  json.key("start").number(pane.start.ns).key("pane").text(name_of(pane.kind)).key("revision").number(pane.revision);
  if (pane.flags != 0) append_flags(json, pane.flags);
  const WindowState& state = pane.state;
  const ComponentSet kept = state.kept();
  json.key("count").number(state.count());
  if (kept.has(Component::sum)) json.key("sum").raw(to_string(state.sum().value())).key("mean").real(mean(state));
  if (kept.has(Component::extremes) && !state.empty()) {
    json.key("min").raw(to_string(state.extremes().min)).key("max").raw(to_string(state.extremes().max));
  }
  if (kept.has(Component::endpoints) && !state.empty()) {
    const Endpoints ends = state.endpoints();
    json.key("first").raw(to_string(ends.first)).key("first_time").number(ends.first_time.ns);
    json.key("last").raw(to_string(ends.last)).key("last_time").number(ends.last_time.ns);
  }
  if (kept.has(Component::sum) && kept.has(Component::squares)) {
    json.key("variance").real(variance(state)).key("stddev").real(stddev(state));
  }
  json.close('}');
}

void append_body(Json& json, const WindowBatch& batch) {
  json.key("event").text("windows").key("panes").open('[');
  for (const DecodedPane& pane : batch.panes) append_pane(json, batch.series[pane.series], pane.pane);
  json.close(']');
}

void append_body(Json& json, const SourceReport& report) {
  json.key("event").text("report").key("sources").open('[');
  for (const SourceStanding& standing : report.sources) {
    json.open('{').key("stream").text(standing.stream).key("version").number(standing.version);
    json.key("source").text(standing.source).key("generation").number(standing.generation);
    const auto time = [&json](std::string_view name, const auto& value) {
      if (value) json.key(name).number(value->ns);
    };
    time("watermark", standing.watermark);
    time("sealed_through", standing.sealed_through);
    time("last_arrival", standing.last_arrival);
    time("clock_lag", standing.clock_lag);
    json.key("clock_offset").number(standing.clock_offset.ns).key("ledger").open('{');
    for (const LedgerEntry& entry : standing.ledger) json.key(entry.counter).number(entry.value);
    json.close('}').close('}');
  }
  json.close(']');
}

void append_body(Json& json, const Heartbeat& heartbeat) {
  json.key("event").text("heartbeat").key("version").text(heartbeat.version);
  json.key("configuration").text(heartbeat.configuration);
  json.key("clock_synchronised").raw(heartbeat.clock_synchronised ? "true" : "false");
  json.key("backlog").number(heartbeat.backlog);
}

void append_body(Json& json, const Tombstone& tombstone) {
  json.key("event").text("tombstone").key("bytes").number(tombstone.bytes);
  json.key("panes").number(tombstone.panes).key("readings").number(tombstone.readings);
  if (tombstone.panes != 0) {
    json.key("first_start").number(tombstone.first_start.ns).key("last_end").number(tombstone.last_end.ns);
  }
  json.key("digest_after").text(hex(tombstone.digest_after));
}

void append_body(Json& json, const UnknownEvent&) {
  json.key("event").text("unknown");
}

}  // namespace

std::string event_json(const LogRow& row, std::optional<std::uint32_t> partition) {
  Json json;
  json.open('{').key("position").number(row.position);
  if (partition) json.key("partition").number(*partition);
  if (const auto event = decode_event(row.event.bytes)) {
    append_header(json, event->header);
    std::visit([&json](const auto& body) { append_body(json, body); }, event->body);
  } else {
    json.key("error").text(event.error().context);
  }
  return json.close('}').take() + "\n";
}

}  // namespace tidemark
