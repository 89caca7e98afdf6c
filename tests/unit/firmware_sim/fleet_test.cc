#include "firmware-sim/fleet.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <map>
#include <set>

using namespace firmware_sim;

namespace {

constexpr std::int64_t kStart = 1'767'225'600'000;

FleetOptions options(std::string_view profile, std::uint32_t devices = 100, std::int64_t seconds = 120) {
  FleetOptions o;
  o.devices = devices;
  o.duration_us = seconds * 1'000'000;
  o.start_ms = kStart;
  o.seed = 11;
  o.profile = *find_profile(profile);
  for (const CatalogueEntry& entry : catalogue()) o.models.push_back(&entry);
  return o;
}

// Everything a fleet sends. `step_us`: how often it is asked, which must not matter.
std::vector<Message> all_of(Fleet& fleet, std::int64_t step_us = 1'000'000, std::size_t limit = 1'000'000) {
  std::vector<Message> messages;
  for (std::int64_t now = 0; !fleet.finished(); now += step_us) {
    std::size_t before = 0;
    do {
      before = messages.size();
      fleet.advance(now, limit, messages);
    } while (messages.size() - before == limit);
  }
  return messages;
}

std::string text_of(const std::vector<Message>& messages) {
  std::string text;
  for (const Message& m : messages) {
    text += fmt::format("{} {} {} {} {} {} {}\n", m.id, m.due_us, m.identity->topic, m.sequence.value_or(-1),
                        name_of(m.fate), m.fault, m.payload);
    for (const Reading& r : m.readings) {
      text += fmt::format(" {} {} {} {}\n", r.field, r.event_ms.value_or(-1), canonical_text(r.value), name_of(r.fate));
    }
  }
  return text;
}

// The number at `key` of a parsed object, as it stands in the payload.
std::string raw(simdjson::ondemand::object object, std::string_view key) {
  simdjson::ondemand::value value;
  if (object.find_field_unordered(key).get(value)) return "absent";
  std::string_view token = value.raw_json_token();
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n')) token.remove_suffix(1);
  return std::string(token);
}

// What the device prints for this reading.
std::string printed(const Message& message, const Reading& reading) {
  if (message.model->fields[reading.field].boolean) return reading.value.units != 0 ? "true" : "false";
  std::string text;
  append_text(text, reading.value);
  return text;
}

// Checks number, times and values of a message whose payload is whole.
void check_payload(const Message& message) {
  CAPTURE(message.payload.substr(0, 300));
  const ModelDescription& model = *message.model;
  if (model.layout == Layout::scalar) {
    REQUIRE(message.payload == printed(message, message.readings[0]));
    return;
  }
  const simdjson::padded_string text(message.payload);
  simdjson::ondemand::parser parser;
  simdjson::ondemand::document document = parser.iterate(text);
  simdjson::ondemand::object object = document.get_object();
  REQUIRE(raw(object, "n") == std::to_string(*message.sequence));
  const std::size_t fields = model.fields.size();
  const auto check_sample = [&](simdjson::ondemand::object values, std::size_t sample) {
    for (std::size_t i = 0; i < fields; ++i) {
      const Reading& reading = message.readings[sample * fields + i];
      const std::string found = raw(values, model.fields[reading.field].key);
      if (reading.fate == Fate::malformed) {
        REQUIRE(found != printed(message, reading));
      } else {
        REQUIRE(found == printed(message, reading));
      }
    }
  };
  if (model.layout == Layout::samples) {
    std::size_t sample = 0;
    for (auto element : object["samples"].get_array()) {
      simdjson::ondemand::object inner = element.get_object();
      REQUIRE(raw(inner, "ts") == std::to_string(*message.readings[sample * fields].event_ms));
      check_sample(inner, sample);
      ++sample;
    }
    REQUIRE(sample * fields == message.readings.size());
  } else {
    REQUIRE(raw(object, "ts") == std::to_string(*message.readings[0].event_ms));
    if (model.layout == Layout::nested) {
      simdjson::ondemand::object inner = object[model.group].get_object();
      check_sample(inner, 0);
    } else {
      check_sample(object, 0);
    }
  }
}

}  // namespace

TEST_CASE("the same seed gives the same messages, however the fleet is asked for them") {
  for (const char* profile : {"clean", "plant", "chaos"}) {
    Fleet first(options(profile));
    Fleet second(options(profile));
    Fleet other([&] {
      FleetOptions o = options(profile);
      o.seed = 12;
      return o;
    }());
    const std::string text = text_of(all_of(first));
    CHECK(text == text_of(all_of(second, 777'777, 13)));
    CHECK(text != text_of(all_of(other)));
  }
}

TEST_CASE("the messages of a seed are the same on every machine and with every compiler") {
  // FNV-1a, 64 bits. The figure changes only with the models, the faults or the random numbers, and then on purpose.
  Fleet fleet(options("chaos"));
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text_of(all_of(fleet))) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  CHECK(hash == 1'208'398'213'867'722'244U);
}

TEST_CASE("a device measures the same under every profile and in any company") {
  const auto climate_of = [](const FleetOptions& o) {
    Fleet fleet(o);
    std::map<std::int64_t, std::string> values;
    for (const Message& m : all_of(fleet)) {
      if (m.identity->source != "thermo-0008" || m.fault == "unset_clock" || m.fault == "future_clock") continue;
      for (const Reading& r : m.readings) values[*r.event_ms * 10 + r.field] = canonical_text(r.value);
    }
    return values;
  };
  const auto clean = climate_of(options("clean"));
  CHECK(clean.size() == 240);
  CHECK(clean == climate_of(options("clean", 8)));
  int known = 0;
  for (const auto& [key, value] : climate_of(options("plant"))) {
    REQUIRE(clean.at(key) == value);
    ++known;
  }
  CHECK(known > 200);
}

TEST_CASE("messages leave in order of their time, numbered without a gap") {
  Fleet fleet(options("chaos"));
  std::int64_t id = 0;
  std::int64_t reading = 1;
  std::int64_t due = 0;
  for (const Message& m : all_of(fleet)) {
    REQUIRE(m.id == ++id);
    REQUIRE(m.first_reading == reading);
    REQUIRE(m.due_us >= due);
    REQUIRE(m.due_us <= 120'000'000);
    due = m.due_us;
    reading += static_cast<std::int64_t>(m.readings.size());
  }
}

TEST_CASE("a clean fleet counts every message of a device, in order, and every reading has to be counted") {
  Fleet fleet(options("clean"));
  std::map<std::string, std::int64_t> next;
  std::map<std::string, std::int64_t> last_event;
  for (const Message& m : all_of(fleet)) {
    REQUIRE(m.fate == Fate::sent);
    REQUIRE(m.fault.empty());
    REQUIRE(m.sequence.has_value() == (m.model->layout != Layout::scalar));
    if (m.sequence) REQUIRE(*m.sequence == next[m.identity->source]++);
    for (const Reading& r : m.readings) {
      REQUIRE(r.fate == Fate::sent);
      if (!r.event_ms) continue;
      REQUIRE(*r.event_ms >= kStart);
      REQUIRE(*r.event_ms < kStart + 120'000);
      if (r.field == 0) {
        const auto [event, first] = last_event.try_emplace(m.identity->source, *r.event_ms);
        REQUIRE((first || *r.event_ms > event->second));
        event->second = *r.event_ms;
      }
    }
  }
  CHECK(next.size() == 100 - 100 / 7);
}

TEST_CASE("every payload says what the truth says") {
  for (const char* profile : {"clean", "plant", "chaos"}) {
    Fleet fleet(options(profile, 200));
    std::size_t checked = 0;
    for (const Message& m : all_of(fleet)) {
      // Of damaged payloads, those are whole in which some readings are still right; depth 100,000 is beyond this
      // parser.
      if (m.fate == Fate::malformed || m.fate == Fate::too_deep) continue;
      check_payload(m);
      ++checked;
    }
    CHECK(checked > 10'000);
  }
}

TEST_CASE("a wholly malformed payload holds no reading that a strict reader could take") {
  Fleet fleet(options("chaos", 400));
  std::size_t seen = 0;
  for (const Message& m : all_of(fleet)) {
    if (m.fate != Fate::malformed) continue;
    ++seen;
    CAPTURE(m.payload);
    for (const Reading& r : m.readings) REQUIRE(r.fate == Fate::malformed);
    const simdjson::padded_string text(m.payload);
    simdjson::dom::parser parser;
    simdjson::dom::element element;
    if (parser.parse(text).get(element)) continue;  // not JSON at all
    if (m.model->layout == Layout::scalar) {
      REQUIRE_FALSE(element.is_number());
      continue;
    }
    // JSON, but without a time, or without any number where the fields are.
    simdjson::dom::object object;
    if (element.get_object().get(object) || object.at_key("ts").error()) continue;
    for (const Field& field : m.model->fields) {
      const auto inner =
          m.model->group.empty() ? object.at_key(field.key) : object.at_key(m.model->group).at_key(field.key);
      simdjson::dom::element value;
      if (inner.get(value)) continue;
      REQUIRE_FALSE(value.is_number());
      REQUIRE_FALSE(value.is_bool());
    }
  }
  CHECK(seen > 100);
}

TEST_CASE("each profile does what it says, about as often as it says") {
  const auto faults_of = [](std::string_view profile) {
    Fleet fleet(options(profile, 2'000));
    std::map<std::string_view, int> faults;
    for (const Message& m : all_of(fleet)) ++faults[m.fault];
    return faults;
  };
  CHECK(faults_of("clean").size() == 1);

  auto plant = faults_of("plant");
  const int messages = plant[""];
  const auto per_mille = [&](std::string_view fault) { return plant[fault] * 1'000.0 / messages; };
  CHECK(per_mille("duplicate") == doctest::Approx(10).epsilon(0.2));
  CHECK(per_mille("reorder") == doctest::Approx(17).epsilon(0.25));
  CHECK(per_mille("malformed") == doctest::Approx(1).epsilon(0.4));
  CHECK(per_mille("unset_clock") == doctest::Approx(1).epsilon(0.4));
  CHECK(per_mille("future_clock") == doctest::Approx(1).epsilon(0.4));
  CHECK(per_mille("silence") > 5);
  CHECK(plant.count("lost") == 0);
  CHECK(plant.count("hostile_topic") == 0);

  auto chaos = faults_of("chaos");
  for (std::size_t i = 1; i < kFaultCount; ++i) {
    CAPTURE(name_of(static_cast<Fault>(i)));
    CHECK(chaos[name_of(static_cast<Fault>(i))] > 0);
  }
}

TEST_CASE("chaos brings every fate") {
  Fleet fleet(options("chaos", 1'000));
  std::set<Fate> fates;
  for (const Message& m : all_of(fleet)) {
    for (const Reading& r : m.readings) fates.insert(r.fate);
  }
  for (const Fate fate : {Fate::sent, Fate::duplicate, Fate::malformed, Fate::too_large, Fate::too_deep,
                          Fate::unset_clock, Fate::future_clock, Fate::unmatched, Fate::withheld}) {
    CAPTURE(name_of(fate));
    CHECK(fates.count(fate) == 1);
  }
}

TEST_CASE("fates mean what they say") {
  Fleet fleet(options("chaos", 1'000));
  for (const Message& m : all_of(fleet)) {
    CAPTURE(m.fault);
    if (m.fate == Fate::too_large) REQUIRE(m.payload.size() > 300 * 1'024);
    if (m.fate != Fate::too_large) REQUIRE(m.payload.size() < 256 * 1'024);
    if (m.fate == Fate::too_deep) REQUIRE(m.payload.find(std::string(40, '[')) != std::string::npos);
    for (const Reading& r : m.readings) {
      if (!r.event_ms) continue;
      const std::int64_t since_due = *r.event_ms - kStart - m.due_us / 1'000;
      if (r.fate == Fate::unset_clock) REQUIRE(*r.event_ms < 366LL * 24 * 3'600'000);
      if (r.fate == Fate::unset_clock) REQUIRE(*r.event_ms >= 0);
      if (r.fate == Fate::future_clock) REQUIRE(since_due > 10 * 60'000);
      // What has to be counted is never ahead of its publication.
      if (r.fate == Fate::sent) REQUIRE(since_due <= 0);
    }
  }
}

TEST_CASE("a copy repeats readings that were sent before it, and no reading has to be counted twice") {
  for (const char* profile : {"plant", "chaos"}) {
    Fleet fleet(options(profile, 400));
    std::set<std::string> counted;
    std::size_t copies = 0;
    for (const Message& m : all_of(fleet)) {
      for (const Reading& r : m.readings) {
        if (!r.event_ms) continue;
        // A series cannot have two different values at one time here, so its value is left out of the key.
        const std::string key = fmt::format("{} {} {}", m.identity->topic, m.model->fields[r.field].path, *r.event_ms);
        if (r.fate == Fate::sent) REQUIRE(counted.insert(key).second);
        if (r.fate == Fate::duplicate) {
          REQUIRE(counted.count(key) == 1);
          ++copies;
        }
      }
    }
    CHECK(copies > 100);
  }
}

TEST_CASE("a number used twice within a receiver's memory means a copy, unless its time is newer than all before") {
  // Rule 28 of SEMANTICS: 1,024 numbers of memory, and a message newer than its source's newest is never a copy.
  for (const char* profile : {"plant", "chaos"}) {
    FleetOptions o = options(profile, 300, 300);
    o.interval_us = 100'000;
    Fleet fleet(o);
    struct Source {
      std::int64_t newest = 0;
      std::set<std::int64_t> numbers;
    };
    std::map<std::string, Source> sources;
    int restarts = 0;
    for (const Message& m : all_of(fleet)) {
      const bool counts = std::ranges::any_of(m.readings, [](const Reading& r) { return r.fate == Fate::sent; });
      if (!m.sequence || !counts) continue;
      Source& source = sources[m.identity->topic];
      const std::int64_t event = *m.readings.back().event_ms;
      if (event > source.newest) {
        if (source.numbers.count(*m.sequence) == 1) {
          source.numbers.clear();
          ++restarts;
        }
      } else {
        REQUIRE(source.numbers.count(*m.sequence) == 0);
        // And it is not so old that the memory would have forgotten it.
        REQUIRE(*source.numbers.rbegin() - *m.sequence < 1'024);
      }
      source.newest = std::max(source.newest, event);
      source.numbers.insert(*m.sequence);
    }
    CHECK((restarts > 0) == (std::string_view(profile) == "chaos"));
  }
}

TEST_CASE("messages are overtaken by a few seconds at most, and a silent device sends all it has kept, in order") {
  Fleet fleet(options("plant", 500, 180));
  int overtaken = 0;
  int bursts = 0;
  std::map<std::string, std::pair<std::int64_t, std::int64_t>> last;  // due, sequence
  for (const Message& m : all_of(fleet)) {
    if (m.fault == "silence") {
      auto& [due, sequence] = last[m.identity->source];
      if (due == m.due_us && m.sequence) {
        REQUIRE(*m.sequence > sequence);
        ++bursts;
      }
      due = m.due_us;
      sequence = m.sequence.value_or(0);
      REQUIRE(m.due_us / 1'000 - (m.readings.back().event_ms.value_or(kStart + m.due_us / 1'000) - kStart) <= 62'000);
    }
    if (m.fault == "reorder") {
      const std::int64_t late_ms = m.due_us / 1'000 - (*m.readings.back().event_ms - kStart);
      REQUIRE(late_ms <= 5'000);
      ++overtaken;
    }
  }
  CHECK(overtaken > 500);
  CHECK(bursts > 500);
}

TEST_CASE("a battery device sends bursts of 10 to 25 samples, and the rest at the end") {
  FleetOptions o = options("clean", 20, 100);
  o.models = {find_model("logger")};
  Fleet fleet(o);
  std::map<std::string, std::size_t> samples;
  for (const Message& m : all_of(fleet)) {
    REQUIRE(m.readings.size() <= 25);
    if (m.due_us < o.duration_us) REQUIRE(m.readings.size() >= 10);
    samples[m.identity->source] += m.readings.size();
  }
  CHECK(samples.size() == 20);
  for (const auto& [source, count] : samples) CHECK(count == 100);
}

TEST_CASE("a fleet that is stopped withholds what it has measured and not sent, and nothing is lost from the truth") {
  const auto measured = [](const std::vector<Message>& messages) {
    std::set<std::string> keys;
    for (const Message& m : messages) {
      for (const Reading& r : m.readings) {
        if (!r.event_ms || r.fate == Fate::unset_clock || r.fate == Fate::future_clock) continue;
        if (*r.event_ms < kStart + 55'000)
          keys.insert(fmt::format("{} {} {}", m.identity->source, r.field, *r.event_ms));
      }
    }
    return keys;
  };
  Fleet whole(options("plant"));
  Fleet stopped(options("plant"));
  std::vector<Message> messages;
  stopped.advance(60'000'000, 1'000'000, messages);
  const std::size_t sent = messages.size();
  stopped.withhold_rest(messages);
  CHECK(stopped.finished());
  CHECK(messages.size() > sent);
  for (std::size_t i = sent; i < messages.size(); ++i) {
    REQUIRE(messages[i].fate == Fate::withheld);
    REQUIRE(messages[i].id == static_cast<std::int64_t>(i + 1));
  }
  // An unset clock hides when a reading was really taken; the two runs have the same ones.
  CHECK(measured(messages) == measured(all_of(whole)));
}

TEST_CASE("topics carry plant, site, device and model; fleets side by side do not share a device") {
  FleetOptions o = options("clean", 30, 10);
  o.plant = "plant-b";
  o.first_number = 1'000;
  Fleet fleet(o);
  Fleet other(options("clean", 30, 10));
  std::set<std::string> sources;
  for (const Message& m : all_of(fleet)) {
    REQUIRE(m.identity->topic.starts_with("plant-b/"));
    REQUIRE(m.identity->topic.ends_with("/" + m.identity->source + "/" + std::string(m.model->name)));
    sources.insert(m.identity->source);
  }
  for (const Message& m : all_of(other)) REQUIRE(sources.count(m.identity->source) == 0);
}
