// Every wrong key, type, unit and value, with the place at which it must be reported ("§") and words of the message.
#include <doctest/doctest.h>

#include <vector>

#include "tests/unit/config/configuration_text.h"

namespace tidemark {
namespace {

struct Mistaken {
  std::string text;
  std::vector<std::string> words;
};

void check(const std::vector<Mistaken>& table) {
  for (const Mistaken& row : table) {
    const Marked marked = unmark(row.text);
    CAPTURE(marked.text);
    const LoadResult result = load(marked.text);
    REQUIRE_FALSE(result);
    const std::string shown = all_problems(result.error());
    CAPTURE(shown);
    REQUIRE(result.error().size() == 1);
    CHECK(shown.starts_with(fmt::format("F:{}: ", marked.place)));
    CHECK(shown.find("; ") != std::string::npos);
    for (const std::string& word : row.words) {
      CAPTURE(word);
      CHECK(shown.find(word) != std::string::npos);
    }
  }
}

// `lines` before a good stream.
Mistaken before(std::string lines, std::vector<std::string> words) {
  return {lines + "\n" + std::string(kStream), std::move(words)};
}

// `lines` inside a good stream.
Mistaken within(std::string lines, std::vector<std::string> words) {
  return {std::string(kStream) + lines + "\n", std::move(words)};
}

}  // namespace

TEST_CASE("text that is not TOML is reported where it ends to be") {
  check({
      before("[gateway]\nid = \"plant§\n", {"not TOML", "syntax"}),
      before("[gateway§\n", {"not TOML"}),
      before("[gateway]\nid = tr§\n", {"not TOML", "\\x0a"}),
      before("[mqtt]\nkeepalive = 10§s", {"not TOML", "quotes"}),
      before("[mqtt]\nversion = 3.1§.1", {"not TOML"}),
      before("[gateway]\nid = \"a\"\nid = §\"b\"", {"not TOML", "redefine"}),
      before("[gateway]\n§[gateway]", {"not TOML", "redefine"}),
      before("[gateway]\nid = §\"\xff\"", {"not TOML", "utf-8"}),
  });
}

TEST_CASE("an unknown key is answered with the nearest known one") {
  check({
      before("[§mqt]\nbroker = \"x\"", {"unknown key \"mqt\"", "did you mean \"mqtt\"?"}),
      before("§gatewya = 1", {"did you mean \"gateway\"?"}),
      before("[gateway]\n  §iid = \"x\"", {"unknown key \"iid\" in gateway", "did you mean \"id\"?"}),
      before("[gateway]\n§colour = \"x\"", {"unknown key \"colour\"", "known keys: id, state"}),
      before("[mqtt]\n§borker = \"x\"", {"unknown key \"borker\" in mqtt", "did you mean \"broker\"?"}),
      before("[mqtt]\n§client-id = \"x\"", {"did you mean \"client_id\"?"}),
      before("[store]\n§max_szie = \"1GiB\"", {"in store", "did you mean \"max_size\"?"}),
      before("[admin]\n§lisen = \"x\"", {"in admin", "did you mean \"listen\"?"}),
      before("[limits]\n§max_serie = 1", {"in limits", "did you mean \"max_series\"?"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n§lingers = \"1s\"", {"in kafka", "did you mean \"linger\"?"}),
      within("§windwo = \"10s\"", {"unknown key \"windwo\" in stream", "did you mean \"window\"?"}),
      within("§Window = \"10s\"", {"did you mean \"window\"?"}),
      within("[[stream.field]]\npath = \"t\"\n§nmae = \"x\"", {"in stream.field", "did you mean \"name\"?"}),
      within("[[stream.§fields]]\npath = \"t\"", {"did you mean \"field\"?"}),
  });
}

TEST_CASE("a value of the wrong type is named with what would be right") {
  check({
      before("gateway = §3", {"gateway is an integer", "write [gateway]"}),
      before("[gateway]\nid = §7", {"gateway.id is an integer", "string in quotes"}),
      before("[gateway]\nid = §true", {"is a boolean"}),
      before("[gateway]\nstate = §[\"a\"]", {"is an array"}),
      before("[gateway]\nid = §2015-01-01", {"is a date"}),
      before("§[[mqtt]]\nbroker = \"mqtt://h\"", {"mqtt is written [[mqtt]]", "write [mqtt]"}),
      before("[mqtt]\nkeepalive = §30", {"mqtt.keepalive 30 has no unit", "\"30s\""}),
      before("[mqtt]\nkeepalive = §1.5", {"is a number with a fraction", "\"10s\""}),
      before("[mqtt]\nversion = §3", {"not a version of MQTT", "5 or \"3.1.1\""}),
      before("[mqtt]\nversion = §\"4\"", {"not a version of MQTT", "5 or \"3.1.1\""}),
      before("[store]\nmax_size = §1000000", {"store.max_size 1000000 has no unit", "\"1000000B\""}),
      before("[store]\nretention = §2015-01-01", {"is a date", "\"10s\""}),
      before("[limits]\nmax_series = §\"100\"", {"limits.max_series is a string", "whole number from 1 to"}),
      {"stream = §3\n", {"stream is an integer", "write [[stream]]"}},
      {"stream = §[1, 2]\n", {"stream is an array of other things", "write [[stream]]"}},
      {"§[stream]\nname = \"a\"\ntopic = \"a/{b}\"\n", {"stream is a table", "write [[stream]]"}},
      within("window = §10", {"stream.window 10 has no unit", "\"10s\""}),
      within("aggregates = §\"count\"", {"stream.aggregates is a string", "array of strings"}),
      within("aggregates = [\"count\", §3]", {"an element of stream.aggregates is an integer"}),
      within("time = \"ts\"\nutc_offset = §\"+02:00\"", {"stream.utc_offset has no local time beside it"}),
      within("time = \"ts\"\ntime_format = \"iso8601_local\"\nutc_offset = §\"+2:00\"",
             {"stream.utc_offset \"+2:00\" is not one", "\"+02:00\""}),
      within("time = \"ts\"\ntime_format = \"iso8601_local\"\nutc_offset = §\"+18:01\"", {"stream.utc_offset"}),
      within("clock_offsets = { dev-1 = §\"1\" }", {"stream.clock_offsets.dev-1"}),
      within("clock_offsets = { dev-1 = §\"366d\" }", {"stream.clock_offsets.dev-1 is 366d", "-365d to 365d"}),
      within("tags = §\"site\"", {"stream.tags is a string", "write [stream.tags]"}),
      within("tags = { site = §3 }", {"stream.tags.site is an integer"}),
      within("retained = §true", {"stream.retained is a boolean", "\"skip\", \"use\""}),
      within("format = §7", {"stream.format is an integer", "\"json\", \"scalar\""}),
      within("floor = §\"2015-01-01\"", {"stream.floor is not a date", "floor = 2015-01-01"}),
      within("§[stream.field]\npath = \"t\"", {"stream.field is a table", "[[stream.field]]"}),
  });
}

TEST_CASE("wrong units and quantities are named with what would be right") {
  check({
      within("window = §\"10\"", {"stream.window \"10\" has no unit", "ns us ms s min h d"}),
      within("window = §\"10 s\"", {"has a space"}),
      within("window = §\"10m\"", {"unknown unit \"m\"", "min for minutes"}),
      within("window = §\"10sec\"", {"unknown unit \"sec\"", "write s"}),
      within("window = §\"10MiB\"", {"unknown unit \"MiB\"", "units of a duration"}),
      within("window = §\"ten seconds\"", {"\"ten seconds\" is not a duration"}),
      within("window = §\"\"", {"\"\" is not a duration"}),
      within("window = §\"0s\"", {"stream.window is 0s", "write 1ms to 1d"}),
      within("window = §0", {"stream.window is 0s"}),
      within("window = §\"-5s\"", {"stream.window is -5s"}),
      within("window = §\"25h\"", {"stream.window is 25h", "1d"}),
      within("window = §\"1.0000000001s\"", {"finer than 1ns"}),
      within("window = §\"999999999d\"", {"too large"}),
      within("lateness = §\"-1s\"", {"stream.lateness is -1s", "write 0s to"}),
      within("out_of_orderness = §\"-1ms\"", {"stream.out_of_orderness is -1ms"}),
      within("idle_timeout = §\"1y\"", {"unknown unit \"y\""}),
      within("offset = §\"-1s\"", {"stream.offset is -1s"}),
      within("offset = §\"10s\"", {"stream.offset is 10s, not below the window of 10s"}),
      within("window = \"1min\"\noffset = §\"90s\"", {"not below the window of 1min"}),
      within("series_ttl = §\"30min\"", {"below evict_after of 1h"}),
      before("[store]\nmax_size = §\"1GB\"", {"unknown unit \"GB\"", "write GiB"}),
      before("[store]\nmax_size = §\"1KiB\"", {"store.max_size is 1KiB", "write 8MiB to"}),
      before("[store]\nmax_size = §\"-1GiB\"", {"is negative"}),
      before("[store]\ncommit_delay = §\"1min\"", {"store.commit_delay is 1min", "write 0s to 10s"}),
      before("[store]\ncommit_delay = §100", {"has no unit"}),
      before("[store]\nretention = §\"0s\"", {"store.retention is 0s"}),
      before("[mqtt]\nkeepalive = §\"1s\"", {"write 5s to 65535s"}),
      before("[mqtt]\nkeepalive = §\"5500ms\"", {"whole seconds"}),
      before("[limits]\nmax_series = §0", {"limits.max_series is 0"}),
      before("[limits]\nmax_payload = §\"17MiB\"", {"limits.max_payload is 17MiB"}),
      before("[limits]\nmax_depth = §0", {"limits.max_depth is 0"}),
      before("[limits]\nqueue = §\"128KiB\"", {"limits.queue", "256KiB", "at least limits.max_payload"}),
      before("[limits]\nmax_payload = §\"9MiB\"", {"limits.max_payload leaves a queue of 8MiB"}),
      before("[limits]\nreading_interval = §\"0s\"", {"write 1ms to 1d"}),
  });
}

TEST_CASE("values that are no values are answered with those that are") {
  check({
      within("format = §\"jsn\"", {"stream.format \"jsn\" is unknown", "did you mean \"json\"?"}),
      within("time = \"ts\"\ntime_format = §\"millis\"", {"known values: s, ms, us, ns, rfc3339"}),
      within("bad_clock = §\"ignore\"", {"known values: quarantine, restamp, accept"}),
      within("watermark = §\"sources\"", {"did you mean \"source\"?"}),
      within("duplicates = §\"yes\"", {"known values: drop, keep"}),
      within("retained = §\"\"", {"known values: skip, use"}),
      within("aggregates = [\"count\", §\"maen\"]", {"unknown aggregate \"maen\"", "did you mean \"mean\"?"}),
      within("aggregates = [§\"average\"]", {"unknown aggregate \"average\"", "known aggregates: count, sum, mean"}),
      within("aggregates = [\"count\", §\"count\"]", {"stands here twice"}),
      within("aggregates = §[]", {"stream.aggregates is empty"}),
      within("sequence = \"n\"\nsequence_modulus = §1000", {"256, 65536 or 4294967296"}),
      within("[[stream.field]]\npath = \"t\"\nkind = §\"gage\"", {"did you mean \"gauge\"?"}),
      within("floor = §9999-01-01", {"stream.floor is beyond"}),
  });
}

TEST_CASE("what the product will have but this version has not says so") {
  for (const std::string format : {"sparkplug"}) {
    check({within("format = §\"" + format + "\"",
                  {"not available in this version", "available: json, scalar, batch, line_protocol, senml"})});
  }
  for (const std::string name :
       {"p50", "p99.9", "histogram", "distinct", "twa", "increase", "rate", "durations", "coverage"}) {
    check({within("aggregates = [\"count\", §\"" + name + "\"]",
                  {"aggregate \"" + name + "\" is not available in this version", "available: count, sum, mean"})});
  }
  check({
      within("period = §\"1s\"", {"stream.period is not available in this version"}),
      before("§[clock]\ntrust = \"auto\"", {"clock is not available in this version"}),
  });
}

TEST_CASE("what is missing is said where it is missing") {
  check({
      {"", {"no stream is configured", "[[stream]]"}},
      {"stream = []\n", {"no stream is configured"}},
      {"[gateway]\nid = \"a\"\n", {"no stream is configured"}},
      {"§[[stream]]\ntopic = \"a/{b}\"\n", {"stream.name is missing"}},
      {"\n  §[[stream]]\nname = \"a\"\n", {"stream.topic is missing"}},
      before("§[kafka]\ntopic = \"t\"", {"kafka.brokers is missing"}),
      before("§[kafka]\nbrokers = \"k:9092\"", {"kafka.topic is missing"}),
      within("§[[stream.field]]\nname = \"t\"", {"stream.field.path is missing"}),
      within("time_format = §\"ms\"", {"has no time beside it"}),
      within("sequence_modulus = §256", {"has no sequence beside it"}),
      before("[mqtt]\npassword_file = §\"/run/p\"", {"has no username beside it"}),
      before("[mqtt]\nbroker = \"mqtts://h\"\nkey_file = §\"/k\"", {"has no cert_file beside it"}),
      before("[mqtt]\nca_file = §\"/ca\"", {"means nothing without TLS", "mqtts://"}),
  });
}

TEST_CASE("names that cannot be used are refused") {
  check({
      before("[gateway]\nid = §\"\"", {"gateway.id is empty"}),
      before("[gateway]\nid = §\"plant 7\"", {"\"plant 7\" cannot be used"}),
      before("[gateway]\nstate = §\"a\\u0000b\"", {"control character"}),
      {"[[stream]]\nname = §\"a b\"\ntopic = \"a/{b}\"\n", {"\"a b\" cannot be used"}},
      {"[[stream]]\nname = §\"a\\nb\"\ntopic = \"a/{b}\"\n", {"\\x0a"}},
      {std::string(kStream) + "[[stream]]\nname = §\"climate\"\ntopic = \"x/{y}\"\n",
       {"\"climate\" is already that of the stream in line 2"}},
      within("[[stream.field]]\npath = \"a\"\nname = \"t\"\n[[stream.field]]\npath = \"b\"\nname = §\"t\"",
             {"\"t\" names an earlier field, too"}),
      within("[[stream.field]]\npath = \"a\"\n[[stream.field]]\npath = §\"a\"", {"names an earlier field, too"}),
      within("format = \"scalar\"\n[[stream.field]]\nname = \"a\"\n§[[stream.field]]\nname = \"b\"", {"one value"}),
      // What stands in every event may not be without end.
      within("[[stream.field]]\npath = \"a\"\nname = §\"" + std::string(257, 'x') + "\"",
             {"name has 257 bytes", "256"}),
      within("[[stream.field]]\npath = \"a\"\nunit = §\"" + std::string(257, 'x') + "\"",
             {"unit has 257 bytes", "256"}),
      within("[[stream.field]]\npath = §\"" + std::string(257, 'x') + "\"", {"path has 257 bytes", "a name of"}),
  });
}

TEST_CASE("templates and paths are checked as the decoder reads them, at their key") {
  check({
      {"[[stream]]\nname = \"a\"\ntopic = §\"plant/{site/x\"\n", {"stream.topic is wrong", "{device}"}},
      {"[[stream]]\nname = \"a\"\ntopic = §\"plant/#/x\"\n", {"stream.topic is wrong", "#"}},
      {"[[stream]]\nname = \"a\"\ntopic = §\"\"\n", {"stream.topic is empty"}},
      within("source = §\"{devcie}\"", {"stream.source is wrong", "{device}"}),
      within("source = §\"a..b\"", {"stream.source is wrong"}),
      within("tags = { site = \"{site}\", model = §\"{modle}\" }", {"stream.tags.model is wrong"}),
      within("time = §\"a[x]\"", {"stream.time is wrong"}),
      within("each = §\"a..\"", {"stream.each is wrong"}),
      within("sequence = §\"[\"", {"stream.sequence is wrong"}),
      within("[[stream.field]]\npath = \"t\"\n[[stream.field]]\npath = §\"a..b\"", {"field[1].path is wrong"}),
      within("format = \"scalar\"\ntime = §\"ts\"", {"stream.time is wrong", "no paths"}),
      within("format = \"batch\"\ntime = §\"ts\"", {"stream.time is wrong", "always ts; leave it out"}),
      within("format = \"batch\"\neach = §\"r\"", {"stream.each is wrong", "leave it out"}),
      within("format = \"line_protocol\"\ntime = §\"ts\"", {"stream.time is wrong", "time_format = \"s\""}),
      within("format = \"line_protocol\"\ntime_format = §\"rfc3339\"",
             {"stream.time_format is wrong", "s, ms, us or ns"}),
      within("format = \"line_protocol\"\nsource = §\"host\"", {"stream.source is wrong", "tag.host"}),
      within("format = \"line_protocol\"\neach = §\"r\"", {"stream.each is wrong", "every line is a record"}),
      within("format = \"line_protocol\"\nsequence = §\"n\"", {"stream.sequence is wrong", "leave it out"}),
      within("format = \"line_protocol\"\n[[stream.field]]\npath = §\"t\"",
             {"field[0].path is wrong", "climate.temperature"}),
  });
}

TEST_CASE("secrets never stand in the configuration, nor in what is said of it") {
  check({
      before("[mqtt]\npassword = §\"geheim\"", {"mqtt.password would put a secret", "mqtt.password_file"}),
      before("[mqtt]\nkey = §\"geheim\"", {"mqtt.key_file"}),
      before("[admin]\ntoken = §\"geheim\"", {"admin.token_file"}),
      before("[mqtt]\nbroker = §\"mqtt://me:geheim@h\"", {"user or password", "mqtt.password_file"}),
      before("[mqtt]\nbroker = §\"tcp://me:geheim@h\"", {"scheme"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n[kafka.properties]\nsasl.password = §\"geheim\"",
             {"kafka.properties.sasl.password would put a secret", "sasl.password_file"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n[kafka.properties]\n\"ssl.key.pem\" = §\"geheim\"",
             {"ssl.key.pem_file"}),
  });
  for (const std::string text :
       {"[mqtt]\npassword = \"geheim\"", "[mqtt]\nbroker = \"mqtt://me:geheim@h\"",
        "[mqtt]\nbroker = \"tcp://me:geheim@h\"", "[mqtt]\nbroker = \"me:geheim@h\"",
        "[mqtt]\nbroker = \"mqtt://me:geheim@h/x\"", "[kafka.properties]\nsasl.password = \"geheim\""}) {
    const LoadResult result = load(text);
    REQUIRE_FALSE(result);
    CHECK(all_problems(result.error()).find("geheim") == std::string::npos);
  }
}

TEST_CASE("addresses that are none are refused") {
  check({
      before("[mqtt]\nbroker = §\"127.0.0.1:1883\"", {"has no scheme", "mqtt://"}),
      before("[mqtt]\nbroker = §\"http://h\"", {"\"http\" is not a scheme", "mqtt://"}),
      before("[mqtt]\nbroker = §\"tcp://h:1\"", {"mqtt://h:1"}),
      before("[mqtt]\nbroker = §\"ssl://h:1\"", {"mqtts://h:1"}),
      before("[mqtt]\nbroker = §\"mqtt://\"", {"the host is missing"}),
      before("[mqtt]\nbroker = §\"mqtt://h:99999\"", {"\"99999\" is not a port"}),
      before("[mqtt]\nbroker = §\"mqtt://h:0\"", {"port 0"}),
      before("[mqtt]\nbroker = §\"mqtt://::1\"", {"no brackets", "[::1]"}),
      before("[mqtt]\nbroker = §\"mqtt://[::1\"", {"IPv6"}),
      before("[mqtt]\nbroker = §\"mqtt://a b\"", {"is not a host"}),
      before("[mqtt]\nbroker = §\"mqtt://h/t\"", {"has a path"}),
      before("[admin]\nlisten = §\"127.0.0.1\"", {"has no port"}),
      before("[admin]\nlisten = §\"8377\"", {"has no port"}),
      before("[admin]\nlisten = §\"example.org:1\"", {"is not an IP address"}),
      before("[admin]\nlisten = §\"unix:run/x\"", {"is not absolute"}),
      before("[admin]\nlisten = §\"unix:/" + std::string(107, 'x') + "\"", {"108 bytes", "at most 107"}),
      before("[admin]\nlisten = §\"0.0.0.0:8377\"", {"other machines", "admin.token_file"}),
      before("[admin]\nlisten = §\"[::]:8377\"", {"other machines", "admin.token_file"}),
      before("[kafka]\nbrokers = §\"k:1,\"\ntopic = \"t\"", {"the host is missing"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = §\"a/b\"", {"is not a Kafka topic"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n[uplink]\nmax_rate = §\"1023B\"", {"1KiB"}),
      before("[uplink]\nmax_rate = §\"20KiB\"", {"without [kafka]"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n[kafka.properties]\nacks = §1", {"set by Tidemark"}),
      before("[kafka]\nbrokers = \"k\"\ntopic = \"t\"\n[kafka.properties]\nx = §1.5", {"neither text"}),
  });
}

TEST_CASE("all problems are named at once, in the order of the file") {
  const LoadResult result = load(
      "[gateway]\nid = 3\n[mqtt]\nbroker = \"x\"\nkeepalive = 3\n[[stream]]\nwindow = \"0s\"\ntopic = \"a/{b}\"\n"
      "time = \"a..\"\nsource = \"{c}\"\ntags = { x = \"{d}\", y = \"{e}\" }\n[[stream.field]]\npath = \"[\"\n"
      "[[stream.field]]\npath = \"]\"\n[[stream]]\nname = \"b\"\naggregates = [\"p50\", \"men\"]\n");
  REQUIRE_FALSE(result);
  std::string places;
  for (const Problem& problem : result.error()) {
    places += fmt::format("{}:{} ", problem.position.line, problem.position.column);
  }
  CAPTURE(all_problems(result.error()));
  CHECK(places == "2:6 4:10 5:13 6:1 7:10 9:8 10:10 11:14 11:25 13:8 15:8 16:1 18:15 18:22 ");
}

TEST_CASE("a host's name that many machines have cannot stand in for the gateway's id") {
  for (const std::string name : {"", "localhost", "host name"}) {
    const LoadResult result = load_configuration(kStream, "F", {.host_name = name, .credentials_directory = ""});
    REQUIRE_FALSE(result);
    CHECK(all_problems(result.error()).starts_with("F:1:1: gateway.id is missing"));
  }
}

TEST_CASE("a configuration that needs more memory than it may take is refused with the sum") {
  const auto refused = [](const std::string& text) {
    const Marked marked = unmark(text);
    const LoadResult result = load(marked.text);
    REQUIRE_FALSE(result);
    const std::string shown = all_problems(result.error());
    CAPTURE(shown);
    CHECK(result.error().size() == 1);
    CHECK(shown.starts_with(fmt::format("F:{}: ", marked.place)));
    for (const std::string word : {"series need ", "over limits.memory of ", "program 20.0 MiB + queue ",
                                   "open windows", "set limits.memory to at least \""}) {
      CHECK(shown.find(word) != std::string::npos);
    }
  };
  refused(std::string(kStream) + "window = \"1s\"\nlateness = §\"1d\"\n");
  refused("[limits]\nmemory = §\"16MiB\"\n" + std::string(kStream));
  refused("[limits]\nmax_series = §1000000\n" + std::string(kStream));
  refused("[limits]\nmax_series = §1000000\nmemory = \"100MiB\"\n" + std::string(kStream));
}

TEST_CASE("the memory that a refusal asks for suffices") {
  const std::string text = "[limits]\nmax_series = 1000000\n" + std::string(kStream);
  const LoadResult result = load(text);
  REQUIRE_FALSE(result);
  const std::string right = result.error()[0].right;
  const std::size_t from = right.find('"');
  const std::string memory = right.substr(from, right.find('"', from + 1) - from + 1);
  CHECK(load("[limits]\nmax_series = 1000000\nmemory = " + memory + "\n" + std::string(kStream)));
}

TEST_CASE("a file that cannot be read is a problem, too") {
  const std::string absent = "/nonexistent/tidemark.toml";
  REQUIRE_FALSE(load_configuration_file(absent));
  CHECK(
      format_problem(load_configuration_file(absent).error()[0]).starts_with(absent + ":1:1: the file cannot be read"));
  const LoadResult folder = load_configuration_file("/tmp");
  REQUIRE_FALSE(folder);
  CHECK(format_problem(folder.error()[0]).starts_with("/tmp:1:1: the file cannot be read"));
}

}  // namespace tidemark
