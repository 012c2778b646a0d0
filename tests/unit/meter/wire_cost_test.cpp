// What a request costs on each kind of bus.
#include "drivers/meter/read_plan.hpp"
#include "drivers/meter/site.hpp"
#include "tests/support/catch.hpp"

using namespace congto::meter;
using congto::modbus::Function;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

Bus serial(unsigned baud, Parity parity, unsigned stop_bits) {
  Bus bus;
  bus.transport = Transport::serial;
  bus.line = {baud, parity, stop_bits};
  return bus;
}

}  // namespace

TEST_CASE("a character is start bit, eight bits, parity and stop bits") {
  CHECK(wire_cost(serial(10'000, Parity::none, 1), {}).per_byte == milliseconds(1));
  CHECK(wire_cost(serial(11'000, Parity::even, 1), {}).per_byte == milliseconds(1));
  CHECK(wire_cost(serial(11'000, Parity::none, 2), {}).per_byte == milliseconds(1));
  CHECK(wire_cost(serial(12'000, Parity::odd, 2), {}).per_byte == milliseconds(1));
}

TEST_CASE("a serial request costs the turnaround and one silence besides its bytes") {
  CHECK(wire_cost(serial(10'000, Parity::none, 1), {}).per_request == milliseconds(5) + microseconds(3500));
  // Above 19200 baud the silence is fixed.
  CHECK(wire_cost(serial(115'200, Parity::none, 1), {}).per_request == milliseconds(5) + microseconds(1750));
}

TEST_CASE("a longer pause of the device replaces the silence, a shorter one does not") {
  DeviceLimits limits;
  limits.pause = milliseconds(12);
  CHECK(wire_cost(serial(10'000, Parity::none, 1), limits).per_request == milliseconds(17));
  limits.pause = milliseconds(1);
  CHECK(wire_cost(serial(10'000, Parity::none, 1), limits).per_request ==
        milliseconds(5) + microseconds(3500));
}

TEST_CASE("forty floats at 9600 baud take a fifth of a second") {
  const WireCost cost = wire_cost(serial(9600, Parity::none, 1), {});
  const auto time = wire_time(PlannedRead{Function::read_input_registers, 0, 80, {}}, cost);
  // 8 + 5 + 160 bytes of 10 bits, 5 ms and 3.5 characters.
  CHECK(time > microseconds(188'850));
  CHECK(time < microseconds(188'870));
}

TEST_CASE("on a network the requests count, and a frame has the header of its kind") {
  Bus bus;
  bus.transport = Transport::tcp;
  const WireCost tcp = wire_cost(bus, {});
  CHECK(tcp.per_request == milliseconds(1));
  CHECK(tcp.request_bytes == 12);
  CHECK(tcp.reply_overhead == 9);
  CHECK(tcp.per_byte < microseconds(1));
  bus.transport = Transport::rtu_over_tcp;
  const WireCost rtu = wire_cost(bus, {});
  CHECK(rtu.request_bytes == 8);
  CHECK(rtu.reply_overhead == 5);
}
