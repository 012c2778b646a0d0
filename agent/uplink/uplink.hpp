// Uplink: the way to the centre: takes what the journal committed, publishes it in two lanes, takes
// acknowledgements and requests. I/O around the state machine in delivery.hpp. io_context thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "agent/contract/messages.hpp"
#include "agent/journal/journal.hpp"
#include "agent/mqtt/client.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/meter/record.hpp"

namespace congto::uplink {

struct Settings {
  std::string agent, site;
  bool central = true;  // ack = "central"; false: the broker's PUBACK settles
  std::string centre;   // the only centre whose acks count; empty: the first one heard
  std::chrono::milliseconds status_period{60'000};
  std::chrono::milliseconds tick_period{1'000};  // how often what time brings is looked at
  // For tests; by default mqtt::Client::create.
  std::function<std::unique_ptr<mqtt::Client>(boost::asio::any_io_executor, mqtt::Settings, mqtt::Handlers)>
      make_client;
  mqtt::Settings connection;  // broker, TLS, credentials; topics, will and client id are set by the uplink
};

struct Handlers {
  // Everything of the status but what the uplink itself knows (ack, epochs, unacknowledged, alarms of its
  // own).
  std::function<contract::Status()> status;
  // A down/ack said what time it is; the error is at most `round_trip`.
  std::function<void(WallTime now, BootTime at, std::chrono::milliseconds round_trip)> centre_time;
  std::function<void(std::string line)> note;  // for the log, once per change
};

class Uplink {
 public:
  // `clock` and `journal` outlive the uplink.
  static std::unique_ptr<Uplink> create(boost::asio::any_io_executor executor, Settings settings,
                                        const Clock& clock, journal::Journal& journal, Handlers handlers);
  virtual ~Uplink() = default;

  virtual void start() = 0;
  // What the journal's handlers told, posted to the io_context.
  virtual void committed(journal::Commit commit) = 0;
  virtual void dated(EpochId epoch, Range range) = 0;
  virtual void found(const journal::EpochState& epoch) = 0;
  // What the meters are; published retained at connect and now.
  virtual void meta(meter::Meta meta) = 0;
  // Fills in the uplink's part: for up/status and for `congto status`.
  virtual void complete(contract::Status& status) const = 0;
  // Publishes {"online":false}, waits at most `patience` for what is under way, disconnects, then `done`.
  virtual void stop(std::chrono::milliseconds patience, std::function<void()> done) = 0;
};

}  // namespace congto::uplink
