#include "gateway/mqtt/paho_client.h"

#include <fmt/format.h>
#include <mqtt/async_client.h>

#include <chrono>

#include "gateway/mqtt/chrono.h"

namespace tidemark {
namespace {

/// Who connects to the gate. The broker sees the configured name instead, or none.
constexpr const char* kGateUser = "tidemark";

/// Paho waits in milliseconds; a rest is rounded up, so that a loop of waits does not spin.
std::chrono::milliseconds wait_time(std::chrono::nanoseconds limit) {
  return std::chrono::ceil<std::chrono::milliseconds>(limit);
}

std::chrono::seconds whole_seconds(Duration duration) {
  return std::chrono::seconds(duration.ns / 1'000'000'000);
}

mqtt::create_options creation(MqttVersion version) {
  return mqtt::create_options(static_cast<int>(version));
}

}  // namespace

struct PahoClient::Requests {
  Requests(const std::string& uri, const std::string& client_id, MqttVersion version)
      : client(uri, client_id, creation(version)) {}

  struct Subscribing {
    Subscription subscription;
    mqtt::token_ptr token;
  };
  mqtt::async_client client;
  mqtt::token_ptr connecting;
  std::vector<Subscribing> subscribing;
  std::vector<mqtt::token_ptr> unsubscribing;  // kept until answered; a refusal changes nothing
};

PahoClient::PahoClient(const MqttSettings& settings, std::uint16_t port, MqttVersion version)
    : settings_(settings),
      version_(version),
      requests_(std::make_unique<Requests>(fmt::format("tcp://127.0.0.1:{}", port), settings.client_id, version)) {}

PahoClient::~PahoClient() = default;

bool PahoClient::connected() const {
  return requests_->client.is_connected();
}

PahoClient::Answer PahoClient::connect(const std::string& secret) {
  requests_->subscribing.clear();
  requests_->unsubscribing.clear();
  const bool v5 = version_ == MqttVersion::v5;
  auto options = mqtt::connect_options_builder();
  options.mqtt_version(static_cast<int>(version_))
      .keep_alive_interval(whole_seconds(settings_.keepalive))
      // The gate knows why nothing comes; Paho shall not give up before it.
      .connect_timeout(whole_seconds(settings_.connect_timeout) + std::chrono::seconds(2))
      .automatic_reconnect(false)
      .user_name(kGateUser)
      .password(secret);
  if (v5) {
    options.clean_start(false);
    options.properties({{mqtt::property::RECEIVE_MAXIMUM, settings_.receive_maximum},
                        {mqtt::property::SESSION_EXPIRY_INTERVAL,
                         static_cast<std::int32_t>(whole_seconds(settings_.session_expiry).count())}});
  } else {
    options.clean_session(false);
  }
  try {
    requests_->connecting = requests_->client.connect(options.finalize());
    return Answer::pending;
  } catch (const std::exception& error) {
    error_ = error.what();
    return Answer::no;
  }
}

PahoClient::Answer PahoClient::connect_answer(Duration limit) {
  try {
    const bool answered = requests_->connecting->wait_for(wait_time(to_chrono(limit)));
    return answered ? Answer::yes : Answer::pending;
  } catch (const std::exception& error) {
    error_ = error.what();
    return Answer::no;
  }
}

PahoClient::Answer PahoClient::subscribe(const std::vector<Subscription>& subscriptions,
                                         const std::vector<std::string>& retired, bool identifiers) {
  refused_.clear();
  requests_->subscribing.clear();
  requests_->unsubscribing.clear();
  // Retained messages are state, not data: a broker that speaks 5 shall not repeat them at each reconnect.
  const mqtt::subscribe_options options(false, false, mqtt::subscribe_options::SEND_RETAINED_ON_NEW);
  try {
    for (const Subscription& subscription : subscriptions) {
      mqtt::properties properties;
      if (identifiers && subscription.identifier != 0) {
        properties.add({mqtt::property::SUBSCRIPTION_IDENTIFIER, static_cast<std::int32_t>(subscription.identifier)});
      }
      mqtt::token_ptr token = version_ == MqttVersion::v5
                                  ? requests_->client.subscribe(subscription.filter, 1, options, properties)
                                  : requests_->client.subscribe(subscription.filter, 1);
      requests_->subscribing.push_back({subscription, std::move(token)});
    }
    for (const std::string& filter : retired) requests_->unsubscribing.push_back(requests_->client.unsubscribe(filter));
    return Answer::pending;
  } catch (const std::exception& error) {
    error_ = error.what();
    return Answer::no;
  }
}

PahoClient::Answer PahoClient::subscribe_answer(Duration limit) {
  const auto until = std::chrono::steady_clock::now() + to_chrono(limit);
  while (!requests_->subscribing.empty()) {
    const Requests::Subscribing& oldest = requests_->subscribing.front();
    try {
      const auto left = std::max(std::chrono::nanoseconds(0), until - std::chrono::steady_clock::now());
      if (!oldest.token->wait_for(wait_time(left))) return Answer::pending;
    } catch (const std::exception& error) {
      error_ = error.what();
      if (!connected()) return Answer::no;
      refused_.push_back(oldest.subscription);
    }
    requests_->subscribing.erase(requests_->subscribing.begin());
  }
  return Answer::yes;
}

void PahoClient::disconnect(Duration limit) {
  try {
    requests_->client.disconnect()->wait_for(wait_time(to_chrono(limit)));
  } catch (const std::exception& error) {
    error_ = error.what();
  }
}

}  // namespace tidemark
