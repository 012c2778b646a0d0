// Client: a pipe to an MQTT 5 broker over Paho: connects, publishes, subscribes, tells what happened.
// No persistence, no buffer, no automatic reconnect of Paho's. Functions and handlers: the io_context thread.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace congto::mqtt {

// Publishes under way at once: Paho 1.3.12 stops dead for up to 1 s when more than the broker's receive
// maximum (mosquitto: 20) are queued in it, and needs no more than this for full speed.
inline constexpr std::size_t max_window = 15;

struct Settings {
  std::string broker;  // "mqtt://host:1883" or "mqtts://host:8883"
  std::string client_id;
  std::string ca, certificate, key;  // files; empty where not used
  std::string username, password;
  std::string will_topic, will_payload;  // retained, QoS 1
  std::chrono::seconds will_delay{90};
  bool clean_start = false;
  std::chrono::seconds session_expiry{3600};
  // What may come in one packet, told to the broker; a larger payload is dropped.
  std::uint32_t max_packet_in = 256 * 1024;
  std::chrono::seconds keep_alive{30};
  // Something under way and nothing answered for so long: the link is dead. With nothing under way Paho's own
  // keep alive finds out, after about 2.6 times its period.
  std::chrono::milliseconds watchdog{60'000};
  std::vector<std::string> subscriptions;  // QoS 1, made at every connect
  // What is lost when the broker refuses a subscription; ends the sentence that tells of it.
  std::string subscription_refused = "acknowledgements cannot arrive";

  // Pauses between attempts: doubling from the first to the last, each drawn from its upper half.
  std::chrono::milliseconds first_pause{1'000};
  std::chrono::milliseconds last_pause{60'000};
  // After reason 0x8E, "session taken over": another client has our name, and each reconnect throws it out.
  std::chrono::milliseconds taken_over_pause{60'000};
};

// Outcome of one publish. reason: MQTT 5 reason code, 0 good; refused when >= 0x80; lost when the
// connection ended first, or Paho would not take it.
struct Published {
  std::uint64_t token = 0;
  bool lost = false;
  int reason = 0;
};

// What the broker's CONNACK allows; 65535 and UINT32_MAX where it said nothing (MQTT 5, 3.2.2.3).
struct Allowed {
  std::uint16_t receive_maximum = 65'535;
  std::uint32_t maximum_packet_size = UINT32_MAX;
};

struct Disconnected {
  std::string text;         // what happened and what to do; never holds a password
  bool taken_over = false;  // another client has our name: reason 0x8E, or so it looks:
  bool suspected = false;   // the broker closed again and again and gave no reason
  int reason = 0;           // of the broker's DISCONNECT, >= 0x80; 0 when it gave none
};

// What came; content_encoding is the user property "content-encoding", empty where there is none.
struct Message {
  std::string topic, payload;
  std::string content_encoding = {};
};

struct Handlers {
  std::function<void(Allowed)> connected;  // after the subscriptions were made
  // Also for every failed attempt. Everything under way was reported as lost before.
  std::function<void(Disconnected)> disconnected;
  std::function<void(Published)> published;
  std::function<void(Message)> message;
  // Something to tell that does not end the connection: a subscription that was refused.
  std::function<void(std::string)> trouble;
};

class Client {
 public:
  static std::unique_ptr<Client> create(boost::asio::any_io_executor executor, Settings settings,
                                        Handlers handlers);
  // Ends the connection and waits at most a second for Paho; for a clean end call stop() and let its handler
  // run. No handler runs afterwards.
  virtual ~Client() = default;

  // Connects, and again after every loss, with growing, jittered pauses.
  virtual void start() = 0;
  // Publishes with QoS 1; false when not connected or the window is full (max_window, or the broker's receive
  // maximum if that is less). Every publish that was taken is answered by `published` once.
  // content_encoding becomes a user property where it is not empty.
  virtual bool publish(std::uint64_t token, const std::string& topic, std::string payload, bool retained,
                       std::string_view content_encoding = {}) = 0;
  virtual bool connected() const = 0;
  // Waits at most `patience` for what is under way, disconnects, then `done`. No reconnect, no handler after
  // it.
  virtual void stop(std::chrono::milliseconds patience, std::function<void()> done) = 0;
};

// The plain name of an MQTT 5 reason code with its number: "not authorized (0x87)".
std::string reason_text(int reason);

}  // namespace congto::mqtt
