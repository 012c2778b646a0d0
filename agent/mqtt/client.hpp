// Client: a pipe to an MQTT 5 broker over Paho: connects, publishes, subscribes, tells what happened.
// No persistence, no buffer, no automatic reconnect of Paho's. Functions and handlers: the io_context thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "drivers/core/error.hpp"

namespace congto::mqtt {

struct Settings {
  std::string broker;  // "mqtt://host:1883" or "mqtts://host:8883"
  std::string client_id;
  std::string ca, certificate, key;   // files; empty where not used
  std::string username, password;
  std::string will_topic, will_payload;  // retained, QoS 1
  std::chrono::seconds will_delay{90};
  std::chrono::seconds session_expiry{3600};
  std::chrono::seconds keep_alive{30};
  std::chrono::seconds watchdog{60};     // no PUBACK or PINGRESP for so long: the link is dead
  std::vector<std::string> subscriptions;  // QoS 1, made at every connect
};

// Outcome of one publish. reason: MQTT 5 reason code, 0 good; refused when >= 0x80; lost when the
// connection ended first.
struct Published {
  std::uint64_t token = 0;
  bool lost = false;
  int reason = 0;
};

struct Handlers {
  // receive_maximum and maximum_packet_size of the CONNACK, where it gave them.
  std::function<void(std::uint16_t receive_maximum, std::uint32_t maximum_packet_size)> connected;
  std::function<void(std::string reason)> disconnected;  // also for every failed attempt; text says what to do
  std::function<void(Published)> published;
  std::function<void(std::string topic, std::string payload)> message;
};

class Client {
 public:
  static std::unique_ptr<Client> create(boost::asio::any_io_executor executor, Settings settings, Handlers handlers);
  // Ends the connection without waiting; for a clean end call stop() and let its handler run.
  virtual ~Client() = default;

  // Connects, and again after every loss, with growing, jittered pauses (1 s to 60 s; at least 60 s after
  // reason 0x8E, "someone has our name").
  virtual void start() = 0;
  // Publishes with QoS 1; false when not connected or the window is full (at most 15 under way).
  virtual bool publish(std::uint64_t token, const std::string& topic, std::string payload, bool retained) = 0;
  virtual bool connected() const = 0;
  // Waits at most `patience` for what is under way, disconnects, then `done`.
  virtual void stop(std::chrono::milliseconds patience, std::function<void()> done) = 0;
};

}  // namespace congto::mqtt
