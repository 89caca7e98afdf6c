// RFC 8428, rule by rule. The packs of sections 5.1 and 6 are the RFC's own, byte for byte in CBOR; what must come out
// of them was computed by Python's decimal module (tests/property/decode/senml_cases.py computes more).
#include <doctest/doctest.h>

#include "tests/unit/decode/decoding.h"

namespace tidemark {
namespace {

using test::climate;
using test::Decoding;
using test::field;

constexpr ArrivalTime kArrival{1'700'000'000'000'000'000};

StreamDefinition by_topic() {
  StreamDefinition stream = climate();
  stream.format = PayloadFormat::senml;
  stream.default_tags = false;
  return stream;
}

StreamDefinition by_base_name() {
  StreamDefinition stream = by_topic();
  stream.source = "bn";
  return stream;
}

std::string bytes(std::string_view hex) {
  std::string result;
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    result += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return result;
}

std::string decoded(Decoding& decoding, std::string_view payload) {
  Message message;
  message.topic = "plant/north/d-1/climate";
  message.payload = payload;
  message.payload_size = payload.size();
  message.arrival = kArrival;
  return decoding(message);
}

std::string decoded(const StreamDefinition& stream, std::string_view payload) {
  Decoding decoding(stream);
  return decoded(decoding, payload);
}

// A CBOR pack of one record with the name "a" and the value in hex.
std::string of_value(std::string_view hex) {
  return decoded(by_topic(), bytes("81a200616102" + std::string(hex)));
}

// The third of section 5.1.2, and what section 6 makes of it.
constexpr std::string_view kPack =
    R"([{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},
        {"n":"current","t":-5,"v":1.2},{"n":"current","t":-4,"v":1.3},{"n":"current","t":-3,"v":1.4},
        {"n":"current","t":-2,"v":1.5},{"n":"current","t":-1,"v":1.6},{"n":"current","v":1.7}])";
constexpr std::string_view kPackCbor =
    "87a721781b75726e3a6465763a6f773a3130653230373361303130383030363a22fb41d303a15b00106223614120050067766f6c74616765"
    "01615602fb405e066666666666a3006763757272656e74062402fb3ff3333333333333a3006763757272656e74062302fb3ff4cccccccccc"
    "cda3006763757272656e74062202fb3ff6666666666666a3006763757272656e74062102f93e00a3006763757272656e74062002fb3ff999"
    "999999999aa3006763757272656e74060002fb3ffb333333333333";
constexpr std::string_view kPackByBaseName =
    "urn:dev:ow:10e2073a0108006 @1276020076001000000 voltage=120.1; "
    "urn:dev:ow:10e2073a0108006 @1276020071001000000 current=1.2; "
    "urn:dev:ow:10e2073a0108006 @1276020072001000000 current=1.3; "
    "urn:dev:ow:10e2073a0108006 @1276020073001000000 current=1.4; "
    "urn:dev:ow:10e2073a0108006 @1276020074001000000 current=1.5; "
    "urn:dev:ow:10e2073a0108006 @1276020075001000000 current=1.6; "
    "urn:dev:ow:10e2073a0108006 @1276020076001000000 current=1.7";

// Section 5.1.3: what is measured is told by the unit alone.
constexpr std::string_view kMoving =
    R"([{"bn":"urn:dev:ow:10e2073a01080063","bt":1.320067464e+09,"bu":"%RH","v":20},{"u":"lon","v":24.30621},
        {"u":"lat","v":60.07965},{"t":60,"v":20.3},{"u":"lon","t":60,"v":24.30622},{"u":"%EL","t":150,"v":98}])";

}  // namespace

TEST_CASE("the RFC's examples resolve to what they say") {
  const StreamDefinition topic = by_topic();
  CHECK(decoded(topic, R"([{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}])") ==
        "d-1 urn:dev:ow:10e2073a01080063=23.1");
  constexpr std::string_view kTwo =
      R"([{"bn":"urn:dev:ow:10e2073a01080063:","n":"voltage","u":"V","v":120.1},{"n":"current","u":"A","v":1.2}])";
  CHECK(decoded(topic, kTwo) ==
        "d-1 urn:dev:ow:10e2073a01080063:voltage=120.1; d-1 urn:dev:ow:10e2073a01080063:current=1.2");
  CHECK(decoded(by_base_name(), kTwo) ==
        "urn:dev:ow:10e2073a01080063 voltage=120.1; urn:dev:ow:10e2073a01080063 current=1.2");
  CHECK(decoded(by_base_name(), kPack) == kPackByBaseName);
  CHECK(decoded(by_base_name(), bytes(kPackCbor)) == kPackByBaseName);
  CHECK(decoded(by_base_name(), kMoving) ==
        "urn:dev:ow:10e2073a01080063 @1320067464000000000 %RH=20; "
        "urn:dev:ow:10e2073a01080063 @1320067464000000000 lon=24.30621; "
        "urn:dev:ow:10e2073a01080063 @1320067464000000000 lat=60.07965; "
        "urn:dev:ow:10e2073a01080063 @1320067524000000000 %RH=20.3; "
        "urn:dev:ow:10e2073a01080063 @1320067524000000000 lon=24.30622; "
        "urn:dev:ow:10e2073a01080063 @1320067614000000000 %EL=98");
  // Section 5.1.5: several kinds of values; text and data are no readings.
  CHECK(decoded(topic, R"([{"bn":"urn:dev:ow:10e2073a01080063:","n":"temp","u":"Cel","v":23.1},
                           {"n":"label","vs":"Machine Room"},{"n":"open","vb":false},{"n":"nfc","vd":"aGkgCg"}])") ==
        "d-1 urn:dev:ow:10e2073a01080063:temp=23.1; d-1 urn:dev:ow:10e2073a01080063:open=0");
  // Sections 5.1.6 (a collection) and 5.1.7 (parameters that are set).
  CHECK(decoded(topic, R"([{"bn":"2001:db8::2/","bt":1.320078429e+09,"n":"temperature","u":"Cel","v":25.2},
                           {"n":"humidity","u":"%RH","v":30},
                           {"bn":"2001:db8::1/","n":"temperature","u":"Cel","v":12.3},{"n":"humidity","v":67}])") ==
        "d-1 @1320078429000000000 2001:db8::2/temperature=25.2; d-1 @1320078429000000000 2001:db8::2/humidity=30; "
        "d-1 @1320078429000000000 2001:db8::1/temperature=12.3; d-1 @1320078429000000000 2001:db8::1/humidity=67");
  CHECK(decoded(by_base_name(), R"([{"bn":"urn:dev:ow:10e2073a01080063:","n":"temperature","u":"Cel","v":23.1}])") ==
        "urn:dev:ow:10e2073a01080063 temperature=23.1");
}

TEST_CASE("LwM2M names objects by paths that begin with a slash") {
  StreamDefinition stream = by_topic();
  stream.fields = {field("/3303/0/5700", "temperature")};
  CHECK(decoded(stream, R"([{"bn":"/3303/0/","bt":1700000000,"n":"5700","v":21.5},{"n":"5701","vs":"Cel"}])") ==
        "d-1 @1700000000000000000 temperature=21.5");
}

TEST_CASE("base fields hold until they are replaced") {
  CHECK(decoded(by_topic(), R"([{"bn":"a/","bv":10,"bt":1e9},{"n":"x","v":1},{"bn":"b/","n":"x","v":1},{"bv":-0.5},
                                {"n":"y","v":1,"t":1},{"bt":0,"bv":0,"bn":""},{"n":"z","v":1}])") ==
        "d-1 @1000000000000000000 a/x=11; d-1 @1000000000000000000 b/x=11; d-1 @1000000001000000000 b/y=0.5; d-1 z=1");
  CHECK(decoded(by_topic(), R"([{"bn":"a/"},{"bt":5}])") == "nothing");
  CHECK(decoded(by_topic(), "[]") == "nothing");
  CHECK(decoded(by_topic(), bytes("80")) == "nothing");
  CHECK(decoded(by_topic(), bytes("9fff")) == "nothing");
  // The last of equal labels counts, in both.
  CHECK(decoded(by_topic(), R"([{"n":"a","v":1,"v":2}])") == "d-1 a=2");
  CHECK(decoded(by_topic(), bytes("81a3006161020102f6")) == "d-1 !missing_field");
}

TEST_CASE("a value and its base are added exactly") {
  const auto sum = [](const char* base, const char* own) {
    return decoded(by_topic(), std::string(R"([{"bv":)") + base + R"(,"n":"a","v":)" + own + "}]");
  };
  CHECK(sum("0.1", "0.2") == "d-1 a=0.3");
  CHECK(sum("-5", "5") == "d-1 a=0");
  CHECK(sum("1e17", "0.5") == "d-1 a=100000000000000000~");  // 19 digits: the nearest double
  CHECK(sum("1e300", "1e-300") == "d-1 a=1" + std::string(300, '0') + "~");
  CHECK(sum("1.7e308", "1.7e308") == "d-1 a!out_of_range");
  CHECK(sum("1", "1e400") == "d-1 a!out_of_range");
  CHECK(sum("1e400", "1") == "out_of_range");  // all that follows would be wrong
  CHECK(sum("NaN", "1") == "nonfinite");
  CHECK(sum("\"1\"", "1") == "wrong_type");
  CHECK(sum("1", "NaN") == "d-1 a!nonfinite");
  CHECK(sum("1", "\"2\"") == "d-1 a!wrong_type");
  // The base alone is a value (section 4.5.4).
  CHECK(decoded(by_topic(), R"([{"bv":7,"n":"a"}])") == "d-1 a=7");
  CHECK(decoded(by_topic(), R"([{"bv":7,"n":"a","vb":true}])") == "d-1 a=1");
}

TEST_CASE("a sum is a reading of its own") {
  CHECK(decoded(by_topic(), R"([{"n":"p","u":"W","v":5,"s":1000}])") == "d-1 p=5 p#sum=1000");
  CHECK(decoded(by_topic(), R"([{"n":"p","s":0.5},{"bs":100,"n":"p","s":1},{"n":"p","v":2}])") ==
        "d-1 p#sum=0.5; d-1 p#sum=101; d-1 p=2 p#sum=100");
  CHECK(decoded(by_topic(), R"([{"bv":3,"n":"p","s":1}])") == "d-1 p#sum=1");
  StreamDefinition stream = by_topic();
  stream.fields = {{"p", "power", "W", FieldKind::gauge}, {"p#sum", "energy", "J", FieldKind::counter}};
  CHECK(decoded(stream, R"([{"n":"p","u":"W","v":5,"s":1000},{"n":"q","s":1}])") == "d-1 power=5 energy=1000");
}

TEST_CASE("times are absolute from 2^28 on, and relative to the arrival below") {
  const auto time = [](const char* text) {
    return decoded(by_topic(), std::string(R"([{"n":"a","v":1,"t":)") + text + "}]");
  };
  CHECK(time("268435456") == "d-1 @268435456000000000 a=1");
  CHECK(time("268435455.999999999") == "d-1 @1968435455999999999 a=1");
  CHECK(time("1276020076.123456789") == "d-1 @1276020076123456789 a=1");  // no double has it
  CHECK(time("1276020076.1234567899") == "d-1 @1276020076123456789 a=1");
  CHECK(time("-5") == "d-1 @1699999995000000000 a=1");
  CHECK(time("-0.000000001") == "d-1 @1699999999999999999 a=1");
  CHECK(time("30") == "d-1 @1700000030000000000 a=1");
  CHECK(time("0") == "d-1 a=1");
  CHECK(time("null") == "d-1 a=1");
  CHECK(time("1e30") == "d-1 a=1 !out_of_range");
  CHECK(time("-7e9") == "d-1 a=1 !out_of_range");
  CHECK(time("\"5\"") == "d-1 a=1 !no_time");
  CHECK(time("NaN") == "d-1 a=1 !no_time");
  CHECK(time("[1]") == "d-1 a=1 !no_time");
  // What counts is the sum with the base time.
  CHECK(decoded(by_topic(), R"([{"bt":268435450,"n":"a","v":1,"t":6},{"n":"b","v":1,"t":5.5},{"n":"c","v":1}])") ==
        "d-1 @268435456000000000 a=1; d-1 @1968435455500000000 b=1; d-1 @1968435450000000000 c=1");
  CHECK(decoded(by_topic(), R"([{"bt":-10,"n":"a","v":1,"t":10}])") == "d-1 a=1");
  CHECK(decoded(by_topic(), R"([{"bt":6e9,"n":"a","v":1,"t":6e9}])") == "d-1 a=1 !out_of_range");
  CHECK(decoded(by_topic(), R"([{"bt":"x","n":"a","v":1}])") == "no_time");
  CHECK(decoded(by_topic(), R"([{"bt":1e30,"n":"a","v":1}])") == "out_of_range");
}

TEST_CASE("a relative time is reckoned from the arrival, and says so") {
  StreamDefinition stream = by_topic();
  stream.clock_offset = seconds(100);
  Decoding decoding(stream);
  CHECK(decoded(decoding, R"([{"n":"a","v":1,"t":-5},{"n":"a","v":1,"t":1.6e9}])") ==
        "d-1 @1699999995000000000 a=1; d-1 @1600000000000000000 a=1");
  CHECK(decoding.decoded().records[0].by_arrival);
  CHECK_FALSE(decoding.decoded().records[1].by_arrival);
}

TEST_CASE("a name is base name and name, in SenML's alphabet") {
  const auto named = [](const std::string& fields) {
    return decoded(by_topic(), "[{" + fields + R"("v":1},{"n":"good","bn":"","v":2}])");
  };
  CHECK(named(R"("n":"aZ09-:./_",)") == "d-1 aZ09-:./_=1; d-1 good=2");
  CHECK(named(R"("bn":"-","n":"a",)") == "d-1 !malformed; d-1 good=2");
  for (const char* const name : {"-a", ":a", ".a", "_a", "a b", "a#", "é", "a\\n"}) {
    CHECK(named(R"("n":")" + std::string(name) + "\",") == "d-1 !malformed; d-1 good=2");
  }
  CHECK(named("") == "d-1 !missing_field; d-1 good=2");
  CHECK(named("\"n\":\"\",") == "d-1 !missing_field; d-1 good=2");
  CHECK(named("\"n\":5,").starts_with("d-1 !wrong_type"));
  CHECK(named("\"bn\":5,") == "wrong_type");
  const std::string longest(256, 'n');
  CHECK(named("\"n\":\"" + longest + "\",") == "d-1 " + longest + "=1; d-1 good=2");
  CHECK(named(R"("bn":"b","n":")" + longest + "\",") == "d-1 !malformed; d-1 good=2");
  // With the base name as source there is none without it.
  CHECK(decoded(by_base_name(), R"([{"n":"a","v":1},{"bn":"d:","n":"a","v":1},{"bn":"e","v":2},{"bn":"f g","v":3}])") ==
        " a=1 !missing_field; d a=1; e value=2;  !malformed");
}

TEST_CASE("a configured field takes what has its name and its unit") {
  StreamDefinition stream = by_base_name();
  stream.fields = {{"temp", "temp", "Cel", FieldKind::gauge}, {"x", "x", "", FieldKind::gauge}};
  CHECK(decoded(stream, R"([{"bn":"d:","n":"temp","u":"Cel","v":1},{"n":"temp","v":2},{"n":"temp","u":"K","v":3},
                            {"n":"x","u":"any","v":4},{"n":"other","v":5,"t":"x"},{"n":"x","vs":"off"}])") ==
        "d temp=1; d temp=2; d temp!wrong_type; d x=4; d x!wrong_type");
  // As in JSON, where texts are no readings.
  CHECK(decoded(by_topic(), R"([{"n":"a","vs":"x"},{"n":"b","vd":"aGkgCg"}])") == "missing_field");
  // A pack of nothing that is wanted is not what the stream was told to expect.
  CHECK(decoded(stream, R"([{"bn":"d:","n":"other","v":5}])") == "missing_field");
  // One name, several units (section 5.1.3), without the base name as source.
  StreamDefinition units = by_topic();
  units.fields = {{"urn:dev:ow:10e2073a01080063", "humidity", "%RH", FieldKind::gauge},
                  {"urn:dev:ow:10e2073a01080063", "longitude", "lon", FieldKind::gauge}};
  CHECK(decoded(units, R"([{"bn":"urn:dev:ow:10e2073a01080063","bu":"%RH","v":20},{"u":"lon","v":24.3}])") ==
        "d-1 humidity=20; d-1 longitude=24.3");
}

TEST_CASE("a record has one value") {
  CHECK(decoded(by_topic(), R"([{"n":"a"},{"n":"b","t":1},{"n":"c","v":1,"vs":"x"},{"n":"d","vb":1},{"u":"V"}])") ==
        "d-1 !missing_field; d-1 @1700000001000000000 !missing_field; d-1 !malformed; d-1 d!wrong_type; "
        "d-1 !missing_field");
  CHECK(decoded(by_topic(), R"([{"n":"a","vb":true,"ut":60}])") == "d-1 a=1");
}

TEST_CASE("what must be understood and is not refuses the pack, in any of its records") {
  CHECK(decoded(by_topic(), R"([{"n":"a","v":1,"x":{"y_":[1]},"_z":2}])") == "d-1 a=1");
  CHECK(decoded(by_topic(), R"([{"n":"a","v":1},{"n":"b","v":1,"x_":0}])") == "malformed");
  CHECK(decoded(by_topic(), bytes("81a3006161020161780a")) == "d-1 a=1");            // "x"
  CHECK(decoded(by_topic(), bytes("81a3006161020162785f0a")) == "malformed");        // "x_"
  CHECK(decoded(by_topic(), bytes("81a300616102017f6178615fff0a")) == "malformed");  // in two chunks
  CHECK(decoded(by_topic(), bytes("81a3006161020118630a")) == "d-1 a=1");            // the label 99
  CHECK(decoded(by_topic(), bytes("81a30061610201260a")) == "d-1 a=1");              // the label -7
  for (const char* const known : {"1", "5", "10", "1e1"}) {
    CHECK(decoded(by_topic(), R"([{"n":"a","v":1,"bver":)" + std::string(known) + "}]") == "d-1 a=1");
  }
  for (const char* const unknown : {"11", "0", "-1", "5.5", "1e400", "\"5\"", "NaN"}) {
    CHECK(decoded(by_topic(), R"([{"n":"a","v":1},{"bver":)" + std::string(unknown) + "}]") == "malformed");
  }
}

TEST_CASE("numbers of CBOR are the decimals that they stand for") {
  CHECK(of_value("00") == "d-1 a=0");
  CHECK(of_value("17") == "d-1 a=23");
  CHECK(of_value("18ff") == "d-1 a=255");
  CHECK(of_value("1a000186a0") == "d-1 a=100000");
  CHECK(of_value("1bffffffffffffffff") == "d-1 a=18446744073709552000~");  // 20 digits
  CHECK(of_value("20") == "d-1 a=-1");
  CHECK(of_value("3903e7") == "d-1 a=-1000");
  CHECK(of_value("3bffffffffffffffff") == "d-1 a=-18446744073709552000~");
  CHECK(of_value("f93e00") == "d-1 a=1.5");
  CHECK(of_value("f97bff") == "d-1 a=65504");
  CHECK(of_value("f90001") == "d-1 a=0.000000059604645");  // the least half, as the float of its value
  CHECK(of_value("f98000") == "d-1 a=0");
  CHECK(of_value("fa3dcccccd") == "d-1 a=0.1");  // the float, not the double nearest to it
  CHECK(of_value("fb3fb999999999999a") == "d-1 a=0.1");
  CHECK(of_value("fb3fb99999a0000000") == "d-1 a=0.10000000149011612");
  CHECK(of_value("fb7fefffffffffffff").starts_with("d-1 a=179769313486231570"));
  for (const char* const not_finite :
       {"f97e00", "f97c00", "f9fc00", "fa7fc00000", "fa7f800000", "fb7ff8000000000000", "fbfff0000000000000"}) {
    CHECK(of_value(not_finite) == "d-1 a!nonfinite");
  }
  // Decimal fractions: 273.15, then with indefinite length, and exponents that nothing has.
  CHECK(of_value("c48221196ab3") == "d-1 a=273.15");
  CHECK(of_value("c49f21196ab3ff") == "d-1 a=273.15");
  CHECK(of_value("c4820503") == "d-1 a=300000");
  CHECK(of_value("c4823bffffffffffffffff01") == "d-1 a!out_of_range");
  CHECK(of_value("c4821bffffffffffffffff01") == "d-1 a!out_of_range");
  CHECK(of_value("c4821bffffffffffffffff00") == "d-1 a=0");
  CHECK(of_value("c48220c24101") == "d-1 a!wrong_type");  // a big integer
  for (const char* const broken : {"c48121", "c4832101", "c4822101ff", "c48221f93e00", "c401", "c49f2101"}) {
    CHECK(of_value(broken) == "malformed");
  }
  CHECK(of_value("c11a514b67b0") == "d-1 a!wrong_type");  // another tag
  CHECK(of_value("6131") == "d-1 a!wrong_type");
  CHECK(of_value("4131") == "d-1 a!wrong_type");
  CHECK(of_value("5f41314132ff") == "d-1 a!wrong_type");
  CHECK(of_value("80") == "d-1 a!wrong_type");
  CHECK(of_value("f5") == "d-1 a!wrong_type");
  CHECK(of_value("f6") == "d-1 !missing_field");
}

TEST_CASE("lengths that are not said before pass") {
  CHECK(decoded(by_topic(), bytes("9fbf007f61616162ff02fb3fb999999999999affa200616304f5ff")) == "d-1 ab=0.1; d-1 c=1");
  CHECK(decoded(by_topic(), bytes("9fbf0061610201ff")) == "malformed");
  CHECK(decoded(by_topic(), bytes("9fbf006161ff02ff")) == "malformed");
  CHECK(decoded(by_topic(), bytes("9fbf0061610201ffffff")) == "malformed");
  CHECK(decoded(by_topic(), bytes("81bf00616102ff")) == "malformed");  // a label without value
  CHECK(decoded(by_topic(), bytes("82a20061610201ff")) == "malformed");
}

TEST_CASE("what is no pack is malformed") {
  for (const char* const payload :
       {"", " ", "{}", "5", "[1]", "[[]]", "[null]", R"([{"n":"a","v":1})", R"([{"n":"a","v":1}]x)",
        R"([{"n":"a","v":01}])", R"([{"n":"a",}])", "\xff", "\xa0", "\xf6"}) {
    CAPTURE(payload);
    CHECK(decoded(by_topic(), payload) == "malformed");
  }
  CHECK(decoded(by_topic(), " \r\n[ {\"n\":\"a\",\"v\":1} ] ") == "d-1 a=1");
  for (const char* const hex : {"81", "8101", "8180", "81f6", "81a2006161020100", "81a1f500", "81a18000",
                                "81a200616102ff", "81a2006161021c", "81a200616102f8ff", "81a200616102e0"}) {
    CAPTURE(hex);
    CHECK(decoded(by_topic(), bytes(hex)) == "malformed");
  }
}

TEST_CASE("no beginning of a pack is one") {
  const std::string cbor = bytes(kPackCbor);
  Decoding decoding(by_base_name());
  for (std::size_t size = 0; size < cbor.size(); ++size) CHECK(decoded(decoding, cbor.substr(0, size)) == "malformed");
  for (std::size_t size = 0; size < kPack.size(); ++size)
    CHECK(decoded(decoding, kPack.substr(0, size)) == "malformed");
  CHECK(decoded(decoding, cbor) == kPackByBaseName);
}

TEST_CASE("hostile CBOR is refused at once") {
  PayloadLimits limits;
  limits.max_bytes = 1 << 20;
  Decoding decoding(by_topic(), limits);
  const std::string head = bytes("81a200616102");
  for (const char nested : {'\x81', '\x9f', '\xc1', '\xbf'}) {
    std::string deep(100'000, nested);
    if (nested == '\xbf') {  // maps in maps, each the value of the label 0
      deep.clear();
      for (int i = 0; i < 50'000; ++i) deep += bytes("bf00");
    }
    CHECK(decoded(decoding, head + deep) == "too_deep");
  }
  // 2^63 items, pairs, bytes or characters; 2^32 + 1, which is 1 where size_t has 32 bits.
  for (const char* const length : {"8000000000000000", "ffffffffffffffff", "0000000100000001"}) {
    for (const char* const type : {"9b", "bb", "5b", "7b"}) {
      CHECK(decoded(decoding, head + bytes(type + std::string(length)) + bytes("6161")) == "malformed");
    }
    CHECK(decoded(decoding, bytes("9b" + std::string(length)) + bytes("a20061610201")) == "malformed");
    CHECK(decoded(decoding, bytes("81bb" + std::string(length)) + bytes("0061610201")) == "malformed");
  }
  // As deep as is allowed, as JSON counts it.
  const auto nested = [](std::size_t depth) {
    return bytes("81a300616102016178") + std::string(depth, '\x81') + bytes("00");
  };
  CHECK(decoded(decoding, nested(30)) == "d-1 a=1");
  CHECK(decoded(decoding, nested(31)) == "too_deep");
  CHECK(decoded(decoding, R"([{"n":"a","v":1,"x":)" + std::string(30, '[') + std::string(30, ']') + "}]") == "d-1 a=1");
  CHECK(decoded(decoding, R"([{"n":"a","v":1,"x":)" + std::string(31, '[') + std::string(31, ']') + "}]") ==
        "too_deep");
  // A name in chunks that would fill the memory were it joined.
  std::string chunks = bytes("81a2007f");
  for (int i = 0; i < 10'000; ++i) chunks += bytes("656161616161");
  CHECK(decoded(decoding, chunks + bytes("ff0201")) == "d-1 !malformed");
  CHECK(decoded(by_topic(), std::string(256 * 1024 + 1, '\x80')) == "too_large");
}

TEST_CASE("a SenML stream has no paths") {
  const auto refused = [](StreamDefinition stream, DecoderError code, std::string_view context) {
    const auto decoder = Decoder::create(stream, {});
    REQUIRE_FALSE(decoder.has_value());
    CHECK(decoder.error().code == code);
    CAPTURE(decoder.error().context);
    CHECK(decoder.error().context.starts_with(context));
  };
  StreamDefinition stream = by_topic();
  stream.source = "n";
  refused(stream, DecoderError::bad_source, "source: of a SenML payload it is \"bn\"");
  stream = by_topic();
  stream.tags = {{"t", "u"}};
  refused(stream, DecoderError::bad_tag, "tags.t: ");
  stream = by_topic();
  stream.each = "^";
  refused(stream, DecoderError::bad_each, "each: ");
  stream = by_topic();
  stream.time = "t";
  refused(stream, DecoderError::bad_time, "time: ");
  stream = by_topic();
  stream.sequence = "n";
  refused(stream, DecoderError::bad_sequence, "sequence: ");
  stream = by_topic();
  stream.fields = {field("a"), field("%RH")};
  refused(stream, DecoderError::bad_path, "field[1].path: the whole name");
  stream.source = "bn";
  CHECK(Decoder::create(stream, {}).has_value());
  stream.fields = {field("#sum")};
  refused(stream, DecoderError::bad_path, "field[0].path: the name of a quantity");
  stream.fields = {{"a", "a", "V", FieldKind::gauge}, {"a", "b", "", FieldKind::gauge}};
  refused(stream, DecoderError::bad_path, "field[1].path: field[0] takes the same readings");
}

}  // namespace tidemark
