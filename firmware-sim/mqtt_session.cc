#include "firmware-sim/mqtt_session.h"

#include <mqtt/async_client.h>

#include <chrono>
#include <utility>

namespace firmware_sim {

// Callbacks come from the library's threads, with its lock held: they post a note and return.
class MqttSession::Client final : public mqtt::callback, public mqtt::iaction_listener {
 public:
  Client(const BrokerAddress& broker, const std::string& client_id, std::uint32_t window, SessionName name,
         Mailbox& mailbox)
      : name_(name),
        mailbox_(mailbox),
        tls_(broker.uri.starts_with("ssl:")),
        acknowledgements_(*this),
        client_(broker.uri, client_id, creation(window)) {
    client_.set_callback(*this);
    mqtt::connect_options options;
    options.set_mqtt_version(MQTTVERSION_3_1_1);
    options.set_clean_session(true);
    options.set_automatic_reconnect(false);
    options.set_keep_alive_interval(20);
    options.set_connect_timeout(5);
    options.set_max_inflight(static_cast<int>(window));
    if (!broker.username.empty()) {
      options.set_user_name(broker.username);
      options.set_password(broker.password);
    }
    if (tls_) {
      mqtt::ssl_options ssl;
      ssl.set_ssl_version(MQTT_SSL_VERSION_TLS_1_2);
      ssl.set_verify(true);
      ssl.set_enable_server_cert_auth(true);
      if (!broker.ca_file.empty()) ssl.set_trust_store(broker.ca_file);
      options.set_ssl(std::move(ssl));
    }
    try {
      client_.connect(std::move(options), nullptr, *this);
    } catch (const mqtt::exception& refused) {
      post(Note::Kind::failed, refused.what());
    }
  }

  // Of the attempt to connect.
  void on_success(const mqtt::token&) override { post(Note::Kind::connected, {}); }
  void on_failure(const mqtt::token& token) override { post(Note::Kind::failed, reason_of(token)); }

  void connection_lost(const std::string& cause) override {
    post(Note::Kind::lost, cause.empty() ? "the broker closed the connection" : cause);
  }

  bool publish(std::uint32_t position, const std::string& topic, const std::string& payload, int qos, bool retained) {
    try {
      // The position travels as the token's context, so that an acknowledgement needs no look-up.
      void* context =
          reinterpret_cast<void*>(static_cast<std::uintptr_t>(position));  // NOLINT(performance-no-int-to-ptr)
      client_.publish(mqtt::make_message(topic, payload.data(), payload.size(), qos, retained), context,
                      acknowledgements_);
      return true;
    } catch (const mqtt::exception& refused) {
      post(Note::Kind::lost, refused.what());
      return false;
    }
  }

  void finish() {
    try {
      if (client_.is_connected()) client_.disconnect(1'000)->wait_for(std::chrono::seconds(2));
    } catch (const mqtt::exception&) {
      // The connection ended on its own meanwhile: there is nobody left to say goodbye to.
    }
  }

 private:
  class Acknowledgements final : public mqtt::iaction_listener {
   public:
    explicit Acknowledgements(Client& client) : client_(client) {}
    void on_success(const mqtt::token& token) override {
      const auto position = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(token.get_user_context()));
      client_.mailbox_.post({Note::Kind::acknowledged, client_.name_.publisher, client_.name_.session, position, {}});
    }
    // Nothing but the end of the connection makes a publish fail.
    void on_failure(const mqtt::token& token) override { client_.post(Note::Kind::lost, client_.reason_of(token)); }

   private:
    Client& client_;
  };

  // The library counts what it has been handed and not yet written against its buffer for times without a connection,
  // and refuses what exceeds it: the buffer must hold a whole window.
  static mqtt::create_options creation(std::uint32_t window) {
    mqtt::create_options options;
    options.set_max_buffered_messages(static_cast<int>(window) + 1);
    return options;
  }

  [[nodiscard]] std::string reason_of(const mqtt::token& token) const {
    // Positive: the broker's answer to CONNECT (MQTT 3.1.1 section 3.2.2.3); negative: the library's own.
    switch (const int code = token.get_return_code()) {
      case 1:
        return "the broker refuses MQTT 3.1.1";
      case 2:
        return "the broker refuses the client id";
      case 3:
        return "the broker is unavailable";
      case 4:
        return "wrong user name or password";
      case 5:
        return "not authorized";
      case MQTTASYNC_FAILURE:
        // The library does not tell a port that nobody listens on from a certificate that it does not trust.
        return tls_ ? "no TLS connection: nobody listens there, or the broker's certificate is not signed by whom "
                      "--ca-file names (without it: the system's list), or is for another host name"
                    : "no connection";
      default:
        return mqtt::exception::error_str(code);
    }
  }

  void post(Note::Kind kind, std::string text) {
    mailbox_.post({kind, name_.publisher, name_.session, 0, std::move(text)});
  }

  const SessionName name_;
  Mailbox& mailbox_;
  const bool tls_;
  Acknowledgements acknowledgements_;
  mqtt::async_client client_;  // last: it is destroyed first, and then calls nothing of the above
};

MqttSession::MqttSession(const BrokerAddress& broker, const std::string& client_id, std::uint32_t window,
                         SessionName name, Mailbox& mailbox)
    : client_(std::make_unique<Client>(broker, client_id, window, name, mailbox)) {}

MqttSession::~MqttSession() = default;

bool MqttSession::publish(std::uint32_t position, const std::string& topic, const std::string& payload, int qos,
                          bool retained) {
  return client_->publish(position, topic, payload, qos, retained);
}

void MqttSession::finish() {
  client_->finish();
}

}  // namespace firmware_sim
