#include "gateway/pipeline/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <fstream>
#include <initializer_list>
#include <sstream>
#include <utility>
#include <vector>

namespace tidemark {
namespace {

using Labels = std::initializer_list<std::pair<std::string, std::string>>;

/// Families in the order in which they are first named.
class Families {
 public:
  void counter(const std::string& name, const std::string& help, double value, Labels labels = {}) {
    add(name, help, prometheus::MetricType::Counter, labels).counter.value = value;
  }
  void gauge(const std::string& name, const std::string& help, double value, Labels labels = {}) {
    add(name, help, prometheus::MetricType::Gauge, labels).gauge.value = value;
  }
  [[nodiscard]] std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return out.str();
  }

 private:
  prometheus::ClientMetric& add(const std::string& name, const std::string& help, prometheus::MetricType type,
                                Labels labels) {
    if (families_.empty() || families_.back().name != name) {
      std::size_t at = 0;
      while (at < families_.size() && families_[at].name != name) ++at;
      if (at == families_.size()) {
        families_.push_back({name, help, type, {}});
      }
      return push(families_[at], labels);
    }
    return push(families_.back(), labels);
  }
  static prometheus::ClientMetric& push(prometheus::MetricFamily& family, Labels labels) {
    prometheus::ClientMetric metric;
    for (const auto& [key, value] : labels) metric.label.push_back({key, value});
    family.metric.push_back(std::move(metric));
    return family.metric.back();
  }

  std::vector<prometheus::MetricFamily> families_;
};

double number(std::uint64_t value) {
  return static_cast<double>(value);
}
double in_seconds(Duration duration) {
  return static_cast<double>(duration.ns) / 1e9;
}

void add_ledger(Families& out, const std::string& stream, const Ledger& ledger) {
  const Labels of = {{"stream", stream}};
  out.counter("tidemark_messages_received_total", "Messages taken from the broker, by stream.",
              number(ledger[Counter::received]), of);
  out.counter("tidemark_messages_decoded_total", "Messages whose payload was understood.",
              number(ledger[Counter::decoded]), of);
  out.counter("tidemark_messages_redelivered_total", "Messages the broker sent again although they were committed.",
              number(ledger[Counter::redelivered]), of);
  for (const auto& [counter, name] :
       {std::pair{Counter::sequence_gap, "gap"}, std::pair{Counter::sequence_late, "late"},
        std::pair{Counter::sequence_reset, "reset"}}) {
    out.counter("tidemark_sequence_events_total", "What the numbers of the sources' messages say.",
                number(ledger[counter]), {{"stream", stream}, {"event", name}});
  }
  for (const auto& [counter, name] :
       {std::pair{Counter::readings, "decoded"}, std::pair{Counter::counted, "counted"},
        std::pair{Counter::duplicate, "duplicate"}, std::pair{Counter::quarantined, "quarantined"},
        std::pair{Counter::waiting, "waiting"}, std::pair{Counter::damaged, "damaged"}}) {
    out.counter("tidemark_readings_total", "Readings of decoded messages and where they ended.",
                number(ledger[counter]), {{"stream", stream}, {"outcome", name}});
  }
  for (std::size_t i = 0; i < kRejections; ++i) {
    const auto reason = static_cast<Rejection>(i);
    const Labels by_reason = {{"stream", stream}, {"reason", std::string(name_of(reason))}};
    out.counter("tidemark_messages_rejected_total", "Messages not taken, by reason.",
                number(ledger[rejected_message(reason)]), by_reason);
    out.counter("tidemark_readings_rejected_total", "Readings not taken, by reason.",
                number(ledger[rejected_reading(reason)]), by_reason);
  }
  out.gauge("tidemark_readings_open", "Readings counted and not yet in the log.", number(ledger[Counter::open]), of);
  out.counter("tidemark_readings_emitted_total", "Readings in the fold of the log.", number(ledger[Counter::emitted]),
              of);
}

std::string imbalance(const State& state) {
  std::string difference = state.gateway.imbalance();
  for (const StreamState& stream : state.streams) {
    if (difference.empty()) difference = stream.total.imbalance();
  }
  return difference;
}

/// Resident memory from /proc; 0 where there is none.
double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  file >> total >> resident;
  return number(resident) * 4096.0;
}

void add_state(Families& out, const Pipeline& pipeline) {
  const State& state = pipeline.processor().state();
  add_ledger(out, "", state.gateway);
  for (const StreamState& stream : state.streams) add_ledger(out, stream.name, stream.total);
  out.gauge("tidemark_ledger_balanced", "1 while every equation of the ledger holds.",
            imbalance(state).empty() ? 1 : 0);
  out.gauge("tidemark_series", "Series known.", number(state.series_index.size()));
  out.gauge("tidemark_series_limit", "Most series; new ones beyond it are rejected.",
            pipeline.processor().max_series());
  out.gauge("tidemark_sources", "Sources known.", number(state.source_index.size()));
  std::uint64_t windows = 0;
  for (const auto& series : state.series) {
    if (series) windows += series->windows.size();
  }
  out.gauge("tidemark_windows_open", "Windows not sealed.", number(windows));
  out.gauge("tidemark_redeliveries_remembered", "Messages whose acknowledgement the broker may not have processed.",
            number(state.redeliveries.size()));
}

void add_store(Families& out, Pipeline& pipeline, const MetricBounds& bounds) {
  const StoreFigures store = pipeline.store().figures();
  out.gauge("tidemark_journal_rows", "Rows of the journal.", number(store.journal_rows));
  out.gauge("tidemark_journal_readings", "Readings in the journal.", number(store.journal_readings));
  out.gauge("tidemark_log_rows", "Events in the local log.", number(store.log_rows));
  out.gauge("tidemark_log_bytes", "Bytes of the local log.", number(store.log_bytes));
  out.gauge("tidemark_log_limit_bytes", "Most bytes of the local log; at the bound nothing is acknowledged.",
            number(bounds.log));
  out.gauge("tidemark_log_last_position", "Position of the newest event.", number(store.log_last));
  out.gauge("tidemark_dead_letters", "Rejected payloads kept.", number(store.dead_letters));
  out.gauge("tidemark_dead_letter_bytes", "Bytes of rejected payloads kept.", number(store.dead_letter_bytes));
  out.gauge("tidemark_dead_letter_limit_bytes", "Most of them; the oldest leave first.", number(bounds.dead_letters));
  out.counter("tidemark_dead_letters_dropped_total", "Rejected payloads no longer kept, or not kept in a flood.",
              number(store.dead_letters_dropped + pipeline.figures().dead_letters_skipped));
  out.gauge("tidemark_parked_events", "Events kept that were larger than Kafka's topic takes.", number(store.parked));
  out.gauge("tidemark_parked_bytes", "Bytes of them.", number(store.parked_bytes));
  out.gauge("tidemark_parked_limit_bytes", "Most of them; the oldest leave first.", number(bounds.parked));
  out.counter("tidemark_parked_dropped_total", "Parked events no longer kept.", number(store.parked_dropped));
  out.counter("tidemark_damaged_rows_total", "Rows found damaged and set aside.", number(store.damaged_rows));
  out.gauge("tidemark_state_file_bytes", "Size of the state file.", number(store.file_bytes));
  out.gauge("tidemark_wal_bytes", "Size of its write-ahead log.", number(store.wal_bytes));
}

void add_session(Families& out, const SessionStatus& session, const MetricBounds& bounds) {
  out.gauge("tidemark_mqtt_connected", "1 while connected to the broker and subscribed.", session.connected ? 1 : 0);
  out.gauge("tidemark_mqtt_taken_over", "1 while another client uses this client id.", session.taken_over ? 1 : 0);
  out.counter("tidemark_mqtt_reconnects_total", "Connections to the broker after the first.",
              number(session.reconnects));
  out.counter("tidemark_mqtt_failures_total", "Attempts to connect that failed.", number(session.failures));
  out.counter("tidemark_mqtt_sessions_lost_total", "Times the broker had lost our session: messages may be missing.",
              number(session.sessions_lost));
  out.counter("tidemark_mqtt_takeovers_total", "Times another client took this client id.", number(session.take_overs));
  out.gauge("tidemark_mqtt_refused_filters", "Subscriptions the broker refused.",
            number(session.refused_filters.size()));
  out.counter("tidemark_mqtt_received_bytes_total", "Bytes from the broker.", number(session.gate.bytes_received));
  out.counter("tidemark_mqtt_publishes_total", "PUBLISH packets from the broker.",
              number(session.gate.publishes_received));
  out.counter("tidemark_mqtt_oversized_total", "Of them, too large: skipped as they streamed.",
              number(session.gate.oversized));
  out.gauge("tidemark_payload_limit_bytes", "Largest payload that is read.", number(bounds.payload));
  out.gauge("tidemark_queue_bytes", "Taken from the broker, not yet decided.", number(session.gate.queue_bytes));
  out.gauge("tidemark_queue_limit_bytes", "At the bound reading stops and the broker keeps the rest.",
            number(bounds.queue));
  out.gauge("tidemark_intake_paused", "1 while reading from the broker is paused.", session.gate.paused ? 1 : 0);
  out.counter("tidemark_intake_pauses_total", "Times reading was paused.", number(session.gate.pauses));
  out.gauge("tidemark_acks_held", "Messages received and not yet acknowledged.",
            number(session.gate.held_acknowledgements));
  out.counter("tidemark_acks_released_total", "PUBACKs written, each after its commit.",
              number(session.gate.acknowledgements));
}

void add_uplink(Families& out, const LogFollower* follower) {
  if (follower == nullptr) return;
  const FollowerFigures uplink = follower->figures();
  out.gauge("tidemark_uplink_connected", "1 while events are sent to Kafka.",
            uplink.state == FollowerState::sending ? 1 : 0);
  out.gauge("tidemark_uplink_held", "1 while nothing is sent until a person consents to what was found in Kafka.",
            uplink.state == FollowerState::held ? 1 : 0);
  out.gauge("tidemark_uplink_backlog_rows", "Events that Kafka has not acknowledged.", number(uplink.backlog));
  out.counter("tidemark_uplink_acknowledged_total", "Events that Kafka has acknowledged.", number(uplink.acknowledged));
  out.counter("tidemark_uplink_acknowledged_bytes_total", "The same, in bytes before compression.",
              number(uplink.acknowledged_bytes));
  out.counter("tidemark_uplink_wire_bytes_total",
              "Bytes sent to Kafka as they left, compressed; 0 without uplink.max_rate.", number(uplink.wire_bytes));
  out.counter("tidemark_uplink_contacts_total", "Times that a cluster and its topic were found right.",
              number(uplink.contacts));
  out.counter("tidemark_uplink_failures_total",
              "Producers given up after a failed delivery; what it had not "
              "acknowledged was sent again.",
              number(uplink.failures));
  out.counter("tidemark_uplink_epochs_total", "Epochs begun so that the newest events go before a long backlog.",
              number(uplink.splits));
  out.counter("tidemark_uplink_parked_total",
              "Events larger than the topic takes: parked, and a tombstone in their place.", number(uplink.parked));
  out.gauge("tidemark_uplink_record_limit_bytes",
            "Events are made to be no larger, for the topic's sake; 0: no contact.", number(follower->record_limit()));
  out.counter("tidemark_uplink_gaps_total",
              "Places where events of the local log were damaged or gone, so that they could not be sent.",
              number(uplink.gaps));
  out.counter("tidemark_uplink_gap_rows_total", "Events that were damaged or gone there.", number(uplink.gap_rows));
  out.counter("tidemark_uplink_resent_total",
              "Events sent again because their producer was given up before it had heard of them.",
              number(uplink.resent));
  out.counter("tidemark_uplink_repeated_total",
              "Events that a contact found in Kafka although they were not acknowledged: they come twice.",
              number(uplink.repeated));
  out.counter("tidemark_uplink_forks_total",
              "Contacts that found events in Kafka under this gateway's name that this state file never wrote.",
              number(uplink.forks));
  out.gauge("tidemark_uplink_last_offset", "Of the last event acknowledged, in its partition; -1: none yet.",
            static_cast<double>(uplink.last_offset));
  out.gauge("tidemark_uplink_contact_info", "Where events of this gateway go, in its labels; 0: nowhere yet.",
            uplink.cluster.empty() ? 0 : 1,
            {{"cluster", uplink.cluster}, {"topic", uplink.topic}, {"partition", std::to_string(uplink.partition)}});
  out.gauge("tidemark_uplink_acknowledgement_age_seconds",
            "Since Kafka last acknowledged an event; -1: not since the start.",
            uplink.since_acknowledged ? in_seconds(*uplink.since_acknowledged) : -1);
}

}  // namespace

std::string metrics_text(Pipeline& pipeline, const SessionStatus& session, const MetricBounds& bounds, Duration up) {
  Families out;
  const PipelineFigures& figures = pipeline.figures();
  out.gauge("tidemark_uptime_seconds", "Since the process began.", in_seconds(up));
  out.gauge("tidemark_start_to_ready_seconds", "From opening the state to being ready to acknowledge.",
            in_seconds(figures.recovery));
  add_state(out, pipeline);
  out.counter("tidemark_commits_total", "Groups made durable.", number(figures.commits));
  out.counter("tidemark_commit_retries_total", "Attempts to commit that found no room.",
              number(figures.commit_retries));
  out.gauge("tidemark_commits_held", "1 while nothing is acknowledged for want of room.",
            pipeline.held().empty() ? 0 : 1);
  for (std::size_t kind = 0; kind < 4; ++kind) {
    out.counter("tidemark_panes_total", "Panes emitted, by kind.", number(figures.panes[kind]),
                {{"kind", std::string(name_of(static_cast<PaneKind>(kind)))}});
  }
  out.counter("tidemark_recovered_readings_total", "Readings applied again from the journal at the start.",
              number(figures.recovered_readings));
  add_store(out, pipeline, bounds);
  add_session(out, session, bounds);
  add_uplink(out, pipeline.follower());
  out.gauge("tidemark_disk_free_bytes", "Free beside the state file, as of the last commit.",
            number(figures.disk_free));
  out.gauge("tidemark_memory_resident_bytes", "Resident memory of the process.", resident_bytes());
  out.gauge("tidemark_memory_limit_bytes", "The budget the configuration was checked against.", number(bounds.memory));
  return out.text();
}

}  // namespace tidemark
