// Requests in, answers out: what simulated units say, and how faults change it.
#include "agent/simulate/unit_set.hpp"

#include "drivers/modbus/rtu_frame.hpp"
#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::simulate;
using Bytes = std::vector<std::uint8_t>;
using meter::Transport;

namespace {

meter::Point point(std::uint16_t at, modbus::Function function) {
  meter::Point made;
  made.name = "point";
  made.function = function;
  made.at = at;
  return made;
}

struct Bus {
  explicit Bus(Transport transport)
      : units(
            transport, false, [this] { ++advanced; }, Random(1)) {
    UnitSet::Unit& unit = units.unit(7);
    unit.meters = {"pump-1", "pump-2"};
    unit.image.add(point(0, modbus::Function::read_input_registers),
                   [] { return std::vector<std::uint16_t>{0x1234}; });
    unit.image.add(point(1, modbus::Function::read_input_registers),
                   [] { return std::vector<std::uint16_t>{0x5678}; });
    for (std::uint16_t i = 0; i < 9; ++i) {
      unit.image.add(point(i, modbus::Function::read_coils),
                     [i] { return std::vector<std::uint16_t>{static_cast<std::uint16_t>(i % 2)}; });
    }
    units.unit(8).meters = {"well"};
  }

  Bytes pdu(std::initializer_list<std::uint8_t> request) {
    const Bytes bytes(request);
    const auto answer = units.answer(7, bytes);
    REQUIRE(answer.has_value());
    return answer->pdu;
  }
  Bytes frame(const Bytes& request) {
    const auto answer = units.answer(7, request);
    REQUIRE(answer.has_value());
    return units.rtu_frame(7, *answer);
  }

  int advanced = 0;
  UnitSet units;
};

const Bytes two_registers{4, 0, 0, 0, 2};

}  // namespace

TEST_CASE("registers come high byte first, and the plant is brought up to now before") {
  Bus bus(Transport::serial);
  CHECK(bus.pdu({4, 0, 0, 0, 2}) == Bytes{4, 4, 0x12, 0x34, 0x56, 0x78});
  CHECK(bus.advanced == 1);
}

TEST_CASE("coils come eight a byte, the first lowest") {
  Bus bus(Transport::serial);
  CHECK(bus.pdu({1, 0, 0, 0, 9}) == Bytes{1, 2, 0b10101010, 0});
  CHECK(bus.pdu({1, 0, 1, 0, 3}) == Bytes{1, 1, 0b101});
}

TEST_CASE("nothing but the four reading functions is answered, writes least of all") {
  Bus bus(Transport::serial);
  CHECK(bus.pdu({6, 0, 0, 0, 1}) == Bytes{0x86, 1});
  CHECK(bus.pdu({16, 0, 0, 0, 1, 2, 0, 0}) == Bytes{0x90, 1});
  CHECK(bus.pdu({5, 0, 0, 0xFF, 0}) == Bytes{0x85, 1});
  CHECK(bus.pdu({17}) == Bytes{0x91, 1});
  CHECK(bus.pdu({43, 14, 1, 0}) == Bytes{0xAB, 1});
}

TEST_CASE("a read of the wrong length is refused, not guessed") {
  Bus bus(Transport::tcp);
  CHECK(bus.pdu({4, 0, 0, 0}) == Bytes{0x84, 3});
  CHECK(bus.pdu({4, 0, 0, 0, 1, 0}) == Bytes{0x84, 3});
}

TEST_CASE("registers that the unit lacks are exception 2, too many 3") {
  Bus bus(Transport::serial);
  CHECK(bus.pdu({4, 1, 0, 0, 2}) == Bytes{0x84, 2});
  CHECK(bus.pdu({4, 0, 0, 0, 126}) == Bytes{0x84, 3});
}

TEST_CASE("an unknown unit is silent on a line, and exception 11 behind a TCP gateway") {
  Bus serial(Transport::serial), converter(Transport::rtu_over_tcp), gateway(Transport::tcp);
  CHECK_FALSE(serial.units.answer(9, two_registers).has_value());
  CHECK_FALSE(serial.units.answer(0, two_registers).has_value());
  CHECK_FALSE(converter.units.answer(9, two_registers).has_value());
  CHECK(gateway.units.answer(9, two_registers)->pdu == Bytes{0x84, 11});
}

TEST_CASE("a fault is set by the name of any meter of the unit, or for all") {
  Bus bus(Transport::serial);
  CHECK_FALSE(bus.units.set_fault("pump-3", {FaultKind::silent, {}, 0}));
  CHECK(bus.units.answer(7, two_registers).has_value());
  CHECK(bus.units.set_fault("pump-2", {FaultKind::silent, {}, 0}));
  CHECK_FALSE(bus.units.answer(7, two_registers).has_value());
  CHECK(bus.units.answer(8, two_registers).has_value());
  CHECK(bus.units.set_fault("*", {FaultKind::silent, {}, 0}));
  CHECK_FALSE(bus.units.answer(8, two_registers).has_value());
  CHECK(bus.units.set_fault("*", {}));
  CHECK(bus.units.answer(7, two_registers).has_value());
}

TEST_CASE("a late unit gives the right answer with its delay") {
  Bus bus(Transport::serial);
  bus.units.set_fault("pump-1", {FaultKind::late, std::chrono::milliseconds(250), 0});
  const auto answer = bus.units.answer(7, two_registers);
  REQUIRE(answer.has_value());
  CHECK(answer->delay == std::chrono::milliseconds(250));
  CHECK(answer->pdu == Bytes{4, 4, 0x12, 0x34, 0x56, 0x78});
}

TEST_CASE("a unit with an exception answers everything with it") {
  Bus bus(Transport::serial);
  bus.units.set_fault("pump-1", {FaultKind::exception, {}, 4});
  CHECK(bus.pdu({4, 0, 0, 0, 2}) == Bytes{0x84, 4});
  CHECK(bus.pdu({3, 0, 99, 0, 2}) == Bytes{0x83, 4});
}

TEST_CASE("frames on a line have a right checksum, with the fault a wrong one") {
  Bus bus(Transport::serial);
  const Bytes good = bus.frame(two_registers);
  CHECK(good.size() == 9);
  CHECK(good.front() == 7);
  CHECK(modbus::crc_valid(good));
  bus.units.set_fault("pump-1", {FaultKind::crc, {}, 0});
  const Bytes bad = bus.frame(two_registers);
  CHECK_FALSE(modbus::crc_valid(bad));
  CHECK(Bytes(bad.begin(), bad.end() - 2) == Bytes(good.begin(), good.end() - 2));
}

TEST_CASE("a TCP gateway answers for a damaged reply with exception 11") {
  Bus bus(Transport::tcp);
  bus.units.set_fault("pump-1", {FaultKind::crc, {}, 0});
  CHECK(bus.pdu({4, 0, 0, 0, 2}) == Bytes{0x84, 11});
}

TEST_CASE("noise is as long as the reply, and no reply") {
  Bus bus(Transport::serial);
  const Bytes good = bus.frame(two_registers);
  bus.units.set_fault("pump-1", {FaultKind::noise, {}, 0});
  const Bytes noise = bus.frame(two_registers);
  CHECK(noise.size() == good.size());
  CHECK(noise != good);
  CHECK(noise != bus.frame(two_registers));
}

TEST_CASE("a TCP frame carries the transaction, the length and the unit") {
  Bus bus(Transport::tcp);
  const auto answer = bus.units.answer(7, two_registers);
  REQUIRE(answer.has_value());
  CHECK(bus.units.tcp_frame(0xABCD, 7, *answer) ==
        Bytes{0xAB, 0xCD, 0, 0, 0, 7, 7, 4, 4, 0x12, 0x34, 0x56, 0x78});
}
