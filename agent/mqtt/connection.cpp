// Paho's client, its options and its listeners. What was learned of Paho C++ 1.2 over C 1.3.12 the hard way:
// setters on a long-lived connect_options, properties last; a listener for each kind of token, which outlives
// the client; nothing but plain values out of a callback; TLS checks no host name unless told to.
#include "agent/mqtt/connection.hpp"

#include <MQTTAsync.h>
#include <mqtt/async_client.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
// Paho C 1.3.12 forgets about 130 bytes (no payload) for each publish under way when its client is destroyed:
// at most 2 kB for each lost connection (measured; eclipse-paho/paho.mqtt.c#1689 is open).
extern "C" const char* __lsan_default_suppressions();  // NOLINT(bugprone-reserved-identifier)
extern "C" const char* __lsan_default_suppressions() { return "leak:libpaho-mqtt3as"; }
#endif

namespace congto::mqtt {

namespace paho = ::mqtt;

namespace {

constexpr std::chrono::seconds connect_timeout{30};
constexpr const char* content_encoding = "content-encoding";  // the user property of contract.md, Topics

std::string content_encoding_of(const paho::message& message) {
  const auto& properties = message.get_properties();
  const auto count = properties.count(paho::property::USER_PROPERTY);
  for (std::size_t i = 0; i < count; ++i) {
    const auto [name, value] = paho::get<paho::string_pair>(properties, paho::property::USER_PROPERTY, i);
    if (name == content_encoding) return value;
  }
  return {};
}

// The reason code of a token that failed, where the broker gave one; a CONNACK's comes as the return code.
int refusal(const paho::token& token) {
  for (const int code : {static_cast<int>(token.get_reason_code()), token.get_return_code()}) {
    if (code >= 0x80 && code < 0xFF) return code;  // 255 is Paho's own mark for "not MQTT 5"
  }
  return 0;
}

Allowed allowed_by(const paho::token& token) {
  Allowed allowed;
  const auto response = token.get_connect_response();
  const auto& properties = response.get_properties();
  if (properties.contains(paho::property::RECEIVE_MAXIMUM)) {
    allowed.receive_maximum = paho::get<std::uint16_t>(properties, paho::property::RECEIVE_MAXIMUM);
  }
  if (properties.contains(paho::property::MAXIMUM_PACKET_SIZE)) {
    allowed.maximum_packet_size = paho::get<std::uint32_t>(properties, paho::property::MAXIMUM_PACKET_SIZE);
  }
  return allowed;
}

class ConnectListener final : public paho::iaction_listener {
 public:
  explicit ConnectListener(const EventSink& sink) : sink_(sink) {}
  void on_success(const paho::token& token) override { sink_(Opened{allowed_by(token)}); }
  void on_failure(const paho::token& token) override { sink_(OpenFailed{refusal(token)}); }

 private:
  const EventSink& sink_;
};

class SubscribeListener final : public paho::iaction_listener {
 public:
  explicit SubscribeListener(const EventSink& sink) : sink_(sink) {}
  void on_success(const paho::token& token) override { sink_(Subscribed{topic_of(token), 0}); }
  void on_failure(const paho::token& token) override {
    const int reason = refusal(token);
    if (reason != 0) return sink_(Subscribed{topic_of(token), reason});
    sink_(Lost{});  // not refused: the connection ended, or Paho could not send it
  }

 private:
  static std::string topic_of(const paho::token& token) {
    const auto topics = token.get_topics();
    return topics && topics->size() > 0 ? (*topics)[0] : std::string();
  }
  const EventSink& sink_;
};

class PublishListener final : public paho::iaction_listener {
 public:
  explicit PublishListener(const EventSink& sink) : sink_(sink) {}
  void on_success(const paho::token& token) override { sink_(Completed{serial_of(token), false, 0}); }
  void on_failure(const paho::token& token) override {
    const int reason = refusal(token);
    sink_(Completed{serial_of(token), reason == 0, reason});
  }

 private:
  // The serial itself travels as the user context: completion can run before publish() has returned.
  static std::uintptr_t serial_of(const paho::token& token) {
    return reinterpret_cast<std::uintptr_t>(token.get_user_context());
  }
  const EventSink& sink_;
};

// Waited for by the worker; not through the token, which Paho still touches after it has woken the waiting
// thread.
class DisconnectListener final : public paho::iaction_listener {
 public:
  void on_success(const paho::token&) override { done(); }
  void on_failure(const paho::token&) override { done(); }
  void wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [this] { return done_; });
  }

 private:
  void done() {
    const std::lock_guard lock(mutex_);
    done_ = true;
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
};

class PahoConnection final : public Connection {
 public:
  PahoConnection(const Settings& settings, const Address& address, EventSink sink)
      : sink_(std::move(sink)),
        max_packet_in_(settings.max_packet_in),
        client_((address.tls ? "ssl://" : "tcp://") + address.text(), settings.client_id,
                paho::create_options(MQTTVERSION_5)) {
    // Else it writes a line for every packet and call into a ring of 125 kB, which nobody reads.
    MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
    fill_options(settings, address);
    client_.set_message_callback([this](paho::const_message_ptr message) {
      if (message->get_payload().size() > max_packet_in_) return;  // the broker was told
      sink_(Arrived{{message->get_topic(), message->to_string(), content_encoding_of(*message)}});
    });
    client_.set_disconnected_handler(
        [this](const paho::properties&, paho::ReasonCode reason) { sink_(Lost{static_cast<int>(reason)}); });
    client_.set_connection_lost_handler([this](const std::string&) { sink_(Lost{}); });
    client_.connect(options_, nullptr, connect_listener_);
  }

  void subscribe(const std::vector<std::string>& topics) override {
    for (const auto& topic : topics) {
      try {
        client_.subscribe(topic, 1, nullptr, subscribe_listener_);
      } catch (const paho::exception&) {
        sink_(Lost{});  // Paho takes no subscription only when the connection has gone
      }
    }
  }

  void publish(std::uintptr_t serial, Message message, bool retained) override {
    try {
      const auto out = paho::make_message(message.topic, std::move(message.payload), 1, retained);
      if (!message.content_encoding.empty()) {
        paho::properties properties;
        properties.add(
            paho::property(paho::property::USER_PROPERTY, content_encoding, message.content_encoding));
        out->set_properties(properties);
      }
      client_.publish(out, reinterpret_cast<void*>(serial), publish_listener_);
    } catch (const paho::exception&) {
      sink_(Completed{serial, true, 0});
    }
  }

  void disconnect(std::chrono::milliseconds patience) override {
    try {
      disconnect_token_ = client_.disconnect(0, nullptr, disconnect_listener_);
      disconnect_listener_.wait(patience);
    } catch (const paho::exception&) {
      return;  // not connected any more: that is what was wanted
    }
  }

 private:
  void fill_options(const Settings& settings, const Address& address) {
    options_.set_mqtt_version(MQTTVERSION_5);
    options_.set_clean_start(settings.clean_start);
    options_.set_automatic_reconnect(false);
    options_.set_keep_alive_interval(settings.keep_alive);
    options_.set_connect_timeout(connect_timeout);
    options_.set_max_inflight(static_cast<int>(max_window) + 5);  // our window and the subscriptions
    if (!settings.username.empty()) options_.set_user_name(settings.username);
    if (!settings.password.empty()) options_.set_password(settings.password);
    if (address.tls) {
      paho::ssl_options tls;
      tls.set_trust_store(settings.ca);
      tls.set_key_store(settings.certificate);
      tls.set_private_key(settings.key);
      tls.set_enable_server_cert_auth(true);
      tls.set_verify(true);
      options_.set_ssl(tls);
    }
    if (!settings.will_topic.empty()) {
      paho::properties properties;
      properties.add(paho::property(paho::property::WILL_DELAY_INTERVAL,
                                    static_cast<std::uint32_t>(settings.will_delay.count())));
      options_.set_will(paho::will_options(settings.will_topic, settings.will_payload, 1, true, properties));
    }
    paho::properties properties;
    properties.add(paho::property(paho::property::SESSION_EXPIRY_INTERVAL,
                                  static_cast<std::uint32_t>(settings.session_expiry.count())));
    properties.add(paho::property(paho::property::MAXIMUM_PACKET_SIZE, settings.max_packet_in));
    options_.set_properties(properties);
  }

  EventSink sink_;
  std::size_t max_packet_in_;
  ConnectListener connect_listener_{sink_};
  SubscribeListener subscribe_listener_{sink_};
  PublishListener publish_listener_{sink_};
  DisconnectListener disconnect_listener_;
  paho::token_ptr disconnect_token_;
  paho::connect_options options_;
  paho::async_client client_;
};

}  // namespace

std::unique_ptr<Connection> Connection::open(const Settings& settings, const Address& address,
                                             EventSink sink) {
  const EventSink on_error = sink;
  try {
    return std::make_unique<PahoConnection>(settings, address, std::move(sink));
  } catch (const paho::exception&) {
    on_error(OpenFailed{});
    return nullptr;
  }
}

std::string reason_text(int reason) {
  const char* known = MQTTReasonCode_toString(static_cast<MQTTReasonCodes>(reason));
  std::string text = known == nullptr ? "unknown reason" : known;
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  const char* digits = "0123456789abcdef";
  const auto code = static_cast<unsigned>(reason) & 0xFFU;
  return text + " (0x" + digits[code >> 4U] + digits[code & 0xFU] + ")";
}

}  // namespace congto::mqtt
