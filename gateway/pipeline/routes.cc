#include "gateway/pipeline/routes.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <utility>

#include "edge/bytes/byte_writer.h"

namespace tidemark {
namespace {

/// The pipeline comes round its loop at least twice a second; after this it is taken for stuck.
constexpr Duration kStuck = seconds(10);
constexpr std::uint64_t kPieceBytes = 1 << 20;
constexpr std::string_view kAccept = "/uplink/accept";

AdminResponse plain(unsigned status, std::string text) {
  AdminResponse response;
  response.status = status;
  response.body = std::move(text);
  return response;
}

/// "position size event", both little-endian: 8 and 4 bytes. docs/formats/event.md.
std::string framed(const std::vector<LogRow>& rows, std::uint64_t& next) {
  ByteWriter out;
  for (const LogRow& row : rows) {
    out.u64(row.position);
    out.u32(static_cast<std::uint32_t>(row.event.bytes.size()));
    out.raw(row.event.bytes);
    next = row.position + 1;
  }
  return out.take();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') {
      out += "&lt;";
    } else if (c == '&') {
      out += "&amp;";
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

Routes::Routes(Pipeline& pipeline, const Session& session, std::string gateway, MetricBounds bounds,
               MonotonicTime began)
    : pipeline_(pipeline), session_(session), gateway_(std::move(gateway)), bounds_(bounds), began_(began) {}

std::string Routes::trouble() const {
  const Duration still = steady_clock() - pipeline_.progress();
  if (still > kStuck) return fmt::format("the pipeline has not moved for {} s", still.ns / 1'000'000'000);
  if (const std::string held = pipeline_.held(); !held.empty())
    return held + ": nothing is acknowledged until there is room";
  const SessionStatus session = session_.status();
  if (!session.connected) {
    return "not connected to the broker" + (session.last_error.empty() ? std::string() : ": " + session.last_error);
  }
  if (!session.refused_filters.empty()) return "the broker refused the subscription " + session.refused_filters.front();
  return {};
}

void Routes::answer(const AdminRequest& request, std::function<void(AdminResponse)> reply) {
  if (request.post != (request.path == kAccept)) {
    reply(plain(405, request.post ? "only GET and HEAD\n" : "only POST\n"));
  } else if (request.post) {
    accept_uplink(std::move(reply));
  } else if (request.path == "/healthz") {
    const std::string reason = trouble();
    reply(plain(reason.empty() ? 200 : 503, (reason.empty() ? "ok" : reason) + "\n"));
  } else if (request.path == "/metrics") {
    const SessionStatus session = session_.status();
    pipeline_.post([this, session, reply = std::move(reply)] {
      AdminResponse response = plain(200, metrics_text(pipeline_, session, bounds_, steady_clock() - began_));
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      reply(std::move(response));
    });
  } else if (request.path == "/log") {
    log(request, &Store::read_log, reply);
  } else if (request.path == "/parked") {
    log(request, &Store::read_parked, reply);
  } else if (request.path == "/") {
    const SessionStatus session = session_.status();
    pipeline_.post([this, session, reply = std::move(reply)] {
      AdminResponse response = plain(200, status_page(session));
      response.content_type = "text/html; charset=utf-8";
      reply(std::move(response));
    });
  } else {
    reply(plain(404,
                "no such page; there are /, /healthz, /metrics, /log?from=POSITION[&follow=1], /parked?from=POSITION, "
                "and POST /uplink/accept\n"));
  }
}

void Routes::accept_uplink(std::function<void(AdminResponse)> reply) {
  pipeline_.post([this, reply = std::move(reply)] {
    if (pipeline_.follower() == nullptr) return reply(plain(409, "no [kafka] is configured\n"));
    if (!pipeline_.follower()->consent()) {
      return reply(plain(409, "nothing is held: there is nothing to accept. Nothing was changed\n"));
    }
    reply(plain(200,
                "accepted: what it was held for is taken for right, and what is not acknowledged is sent. What was "
                "acknowledged before is sent no more.\n"));
  });
}

void Routes::log(const AdminRequest& request, ReadRows read, const std::function<void(AdminResponse)>& reply) {
  const auto value = [&](const char* key) {
    const auto found = request.query.find(key);
    return found == request.query.end() ? std::string() : found->second;
  };
  const std::string text = value("from").empty() ? "1" : value("from");
  std::uint64_t from = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), from);
  if (error != std::errc() || end != text.data() + text.size()) {
    reply(plain(400, "from is a position: a whole number, 1 for the beginning\n"));
    return;
  }
  AdminResponse response;
  response.content_type = "application/octet-stream";
  const bool follow = value("follow") == "1";
  const auto next = std::make_shared<std::uint64_t>(from);
  response.more = [this, read, next, follow](AdminPiece piece) {
    pipeline_.post([this, read, next, follow, piece = std::move(piece)] {
      const auto rows = (pipeline_.store().*read)(*next, kPieceBytes);
      if (!rows) return piece(std::nullopt);
      if (rows->empty() && !follow) return piece(std::nullopt);
      piece(framed(*rows, *next));
    });
  };
  reply(std::move(response));
}

std::string Routes::status_page(const SessionStatus& session) const {
  const State& state = pipeline_.processor().state();
  const PipelineFigures& figures = pipeline_.figures();
  const std::string reason = trouble();
  std::string page = fmt::format(
      "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=5><title>{0}</title>"
      "<style>body{{font:16px sans-serif;margin:2em}}table{{border-collapse:collapse}}td,th{{padding:.2em "
      ".8em;text-align:right;border-bottom:1px solid #ccc}}th:first-child,td:first-child{{text-align:left}}</style>"
      "<h1>{0}</h1><p><b>{1}</b></p><p>broker {2}; {3} commits; {4} series; log position {5}; epoch {6:016x}</p>"
      "<table><tr><th>stream<th>received<th>redelivered<th>rejected<th>readings<th>counted<th>duplicate"
      "<th>quarantined<th>open<th>in the log</tr>",
      escaped(gateway_), escaped(reason.empty() ? "well" : reason), session.connected ? "connected" : "not connected",
      figures.commits, state.series_index.size(), pipeline_.store().figures().log_last, figures.epoch);
  for (const StreamState& stream : state.streams) {
    const Ledger& ledger = stream.total;
    page += fmt::format("<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}<td>{}</tr>", escaped(stream.name),
                        ledger[Counter::received], ledger[Counter::redelivered],
                        ledger.rejected_messages() + ledger.rejected_readings(), ledger[Counter::readings],
                        ledger[Counter::counted], ledger[Counter::duplicate], ledger[Counter::quarantined],
                        ledger[Counter::open], ledger[Counter::emitted]);
  }
  return page + "</table></html>\n";
}

}  // namespace tidemark
