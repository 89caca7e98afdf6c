#include "edge/stream/fingerprint.h"

#include <doctest/doctest.h>

namespace tidemark {
namespace {

StreamDefinition climate() {
  StreamDefinition stream;
  stream.name = "climate";
  stream.topic = "plant/{device}";
  stream.aggregates = {"count", "mean"};
  stream.fields = {{"climate.temperature", "temperature", "Cel", FieldKind::gauge},
                   {"energy", "energy", "J", FieldKind::counter}};
  return stream;
}

}  // namespace

TEST_CASE("size, offset, fields and aggregates make a new version") {
  const std::string before = fingerprint(climate());
  const auto changed = [&](auto change) {
    StreamDefinition stream = climate();
    change(stream);
    return fingerprint(stream) != before;
  };
  CHECK(changed([](auto& s) { s.window = seconds(11); }));
  CHECK(changed([](auto& s) { s.offset = seconds(1); }));
  CHECK(changed([](auto& s) { s.aggregates.push_back("min"); }));
  CHECK(changed([](auto& s) { s.aggregates = {"count"}; }));
  CHECK(changed([](auto& s) { s.fields.pop_back(); }));
  CHECK(changed([](auto& s) { s.fields.clear(); }));
  CHECK(changed([](auto& s) { s.fields[0].name = "t"; }));
  CHECK(changed([](auto& s) { s.fields[0].path = "t"; }));
  CHECK(changed([](auto& s) { s.fields[0].unit = "K"; }));
  CHECK(changed([](auto& s) { s.fields[1].kind = FieldKind::state; }));
}

TEST_CASE("what changes no window's meaning keeps the version") {
  const std::string before = fingerprint(climate());
  StreamDefinition stream = climate();
  stream.topic = "other/{device}";
  stream.lateness = hours(1);
  stream.out_of_orderness = seconds(9);
  stream.bad_clock = BadClock::accept;
  stream.series_ttl = days(1);
  CHECK(fingerprint(stream) == before);
}

TEST_CASE("the order in which fields and aggregates are written means nothing") {
  StreamDefinition stream = climate();
  std::swap(stream.fields[0], stream.fields[1]);
  stream.aggregates = {"mean", "count", "mean"};
  CHECK(fingerprint(stream) == fingerprint(climate()));
}

TEST_CASE("no text can imitate another's end") {
  StreamDefinition a = climate();
  StreamDefinition b = climate();
  a.fields = {{"p", "x 1:p", "", FieldKind::gauge}};
  b.fields = {{"1:p", "x", "", FieldKind::gauge}};
  CHECK(fingerprint(a) != fingerprint(b));
}

TEST_CASE("the text is what it was: it is stored with the version") {
  CHECK(fingerprint(climate()) ==
        "window 10000000000\noffset 0\naggregates 5:count 4:mean\n"
        "field 6:energy 6:energy 1:J counter\n"
        "field 11:temperature 19:climate.temperature 3:Cel gauge\n");
}

}  // namespace tidemark
