// SerialLink: Modbus RTU on a serial port or pty: silences, quarantine after timeouts, reopening, listening.
// Used by the poller and by `read`. All calls on the executor's one thread; it outlives its exchanges.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/backoff.hpp"
#include "drivers/modbus/line.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/rtu_line.hpp"
#include "drivers/modbus/timed_stream.hpp"

namespace congto::modbus {

struct SerialLinkSettings {
  std::string name;    // of the bus
  std::string device;  // "/dev/serial/by-id/…"
  SerialSettings line;
  bool rs485 = false;  // direction control by the kernel
};

class SerialLink final : public Link {
 public:
  // Opens nothing yet: the first exchange or listen() does. `clock` outlives the link.
  SerialLink(boost::asio::any_io_executor executor, SerialLinkSettings settings, const Clock& clock);
  ~SerialLink() override;

  boost::asio::awaitable<Exchanged<Reply>> exchange(Request request,
                                                    std::chrono::milliseconds timeout) override;
  boost::asio::awaitable<Exchanged<ListenResult>> listen(std::chrono::milliseconds duration) override;
  void set_pause(UnitId unit, std::chrono::milliseconds pause) override { line_.set_pause(unit, pause); }
  void close() override;
  const LinkCounters& counters() const override { return counters_; }
  std::string name() const override;
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  using Stream = TimedStream<boost::asio::posix::stream_descriptor>;

  std::optional<Failure> open_port();
  Failure lost(const std::shared_ptr<Stream>& stream, Failure failure);

  boost::asio::any_io_executor executor_;
  SerialLinkSettings settings_;
  const Clock& clock_;
  LinkCounters counters_;
  RtuLine line_;
  Backoff backoff_;
  std::string last_trouble_;  // why the port could not be opened, repeated while back-off runs
  std::vector<std::string> warnings_;
  std::shared_ptr<Stream> stream_;  // while the port is open
  bool opened_before_ = false;
};

}  // namespace congto::modbus
