// Link: one Modbus channel as the poller sees it; serial port, TCP and RTU over TCP implement it, and so do
// the scripted links of the tests. All calls on one io_context thread, one exchange at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

// Counted since start; shown in status and by the benchmarks.
struct LinkCounters {
  std::uint64_t requests = 0;
  std::uint64_t replies = 0;
  std::uint64_t timeouts = 0;
  std::uint64_t crc_errors = 0;
  std::uint64_t exceptions = 0;
  std::uint64_t stale_bytes = 0;     // bytes that belonged to no exchange of ours, or to one given up
  std::uint64_t foreign_frames = 0;  // CRC-valid frames that we did not cause: another master on the line
  std::uint64_t reconnects = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t bytes_received = 0;
};

// What was heard on a line while nobody of ours spoke.
struct ListenResult {
  std::uint64_t bytes = 0;
  std::uint64_t foreign_frames = 0;  // CRC-valid: another master polls this line
};

class Link {
 public:
  virtual ~Link() = default;

  // Sends one request and waits for its reply, at most `timeout` after the last byte of the request.
  // Opens the port or connection first where it is not open. Keeps the line's silences.
  virtual boost::asio::awaitable<Exchanged<Reply>> exchange(Request request,
                                                            std::chrono::milliseconds timeout) = 0;
  // The silence that this device needs before a request, where it is more than the line's own. Set at start.
  virtual void set_pause(UnitId, std::chrono::milliseconds) {}
  // Opens the port and listens for others' frames, as every command does before its first request on a serial
  // line. Where others cannot be heard (TCP) it returns at once with nothing heard.
  virtual boost::asio::awaitable<Exchanged<ListenResult>> listen(std::chrono::milliseconds) {
    const ListenResult nothing_heard;
    co_return nothing_heard;
  }
  // Gives the port or connection back; the next exchange opens it again.
  virtual void close() = 0;
  virtual const LinkCounters& counters() const = 0;
  // "line-1 (/dev/ttyUSB0, 9600 8N1)" or "gateway-1 (10.0.0.5:502)", for messages.
  virtual std::string name() const = 0;
  // What did not work and was done without (low latency, RS-485 mode), since the port was opened last.
  virtual const std::vector<std::string>& warnings() const {
    static const std::vector<std::string> none;
    return none;
  }
};

}  // namespace congto::modbus
