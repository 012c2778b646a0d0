// Connection: one Paho client object, from its attempt to connect to its end; never used again after that.
// All functions on the worker thread; events come from Paho's threads, with its library mutex held.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "agent/mqtt/address.hpp"
#include "agent/mqtt/client.hpp"

namespace congto::mqtt {

struct Opened {
  Allowed allowed;
};
struct OpenFailed {
  int reason = 0;  // of the CONNACK, >= 0x80; 0 when there was none
};
struct Subscribed {
  std::string topic;
  int reason = 0;
};
struct Completed {
  std::uintptr_t serial = 0;
  bool lost = false;
  int reason = 0;
};
struct Arrived {
  Message message;
};
struct Lost {
  int reason = 0;  // of the broker's DISCONNECT; 0 when it said nothing
};
using Event = std::variant<Opened, OpenFailed, Subscribed, Completed, Arrived, Lost>;
// Thread-safe; takes no lock that is held while Paho is called.
using EventSink = std::function<void(Event)>;

class Connection {
 public:
  // Begins to connect; an Opened or OpenFailed follows.
  static std::unique_ptr<Connection> open(const Settings& settings, const Address& address, EventSink sink);
  // Closes at once, if need be without the broker's knowledge.
  virtual ~Connection() = default;

  virtual void subscribe(const std::vector<std::string>& topics) = 0;  // a Subscribed for each
  virtual void publish(std::uintptr_t serial, Message message, bool retained) = 0;
  // Sends DISCONNECT, so that the will stays unsent.
  virtual void disconnect(std::chrono::milliseconds patience) = 0;
};

}  // namespace congto::mqtt
