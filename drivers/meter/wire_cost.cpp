// What a request costs on each kind of bus; used by the read plan, `check` and the benchmarks' best plan.
#include <algorithm>

#include "drivers/meter/site.hpp"
#include "drivers/modbus/line.hpp"

namespace congto::meter {

namespace {

using std::chrono::nanoseconds;

// From the last byte of the request to the first byte of the reply; meters' manuals say 2-50 ms, and 5 ms is
// the figure that design.md section 5 measures with.
constexpr nanoseconds serial_turnaround = std::chrono::milliseconds(5);
// A round trip in a plant's network, and 8 bits at 100 Mbit/s.
constexpr nanoseconds tcp_round_trip = std::chrono::milliseconds(1);
constexpr nanoseconds tcp_byte{80};

constexpr unsigned rtu_request_bytes = 8;   // unit, function, address, count, CRC
constexpr unsigned rtu_reply_overhead = 5;  // unit, function, byte count, CRC
constexpr unsigned tcp_request_bytes = 12;  // MBAP header 7, function, address, count
constexpr unsigned tcp_reply_overhead = 9;  // MBAP header 7, function, byte count

}  // namespace

WireCost wire_cost(const Bus& bus, const DeviceLimits& limits) {
  const nanoseconds pause = limits.pause;
  WireCost cost;
  switch (bus.transport) {
    case Transport::serial: {
      // Request, turnaround, reply, and the silence before the next request. The silence between request and
      // reply is part of the turnaround.
      const nanoseconds silence = modbus::silence_time(bus.line);
      cost.per_byte = modbus::character_time(bus.line);
      cost.per_request = serial_turnaround + std::max(silence, pause);
      cost.request_bytes = rtu_request_bytes;
      cost.reply_overhead = rtu_reply_overhead;
      break;
    }
    case Transport::tcp:
      cost.per_byte = tcp_byte;
      cost.per_request = tcp_round_trip + pause;
      cost.request_bytes = tcp_request_bytes;
      cost.reply_overhead = tcp_reply_overhead;
      break;
    case Transport::rtu_over_tcp:
      // The speed of the line behind the converter is not known here, so only the requests count.
      cost.per_byte = tcp_byte;
      cost.per_request = tcp_round_trip + pause;
      cost.request_bytes = rtu_request_bytes;
      cost.reply_overhead = rtu_reply_overhead;
      break;
  }
  return cost;
}

}  // namespace congto::meter
