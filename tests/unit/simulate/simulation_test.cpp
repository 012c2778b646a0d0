// A whole simulation: a client on the pty and on the socket gets values that the production decoder reads
// back.
#include "agent/simulate/simulation.hpp"

#include <boost/asio/io_context.hpp>

#include "drivers/meter/decode.hpp"
#include "drivers/modbus/crc16.hpp"
#include "drivers/modbus/rtu_frame.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/raw_clients.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::simulate;
namespace asio = boost::asio;
using test::Bytes;
using test::run_until;
using test::SerialClient;
using test::TcpClient;
using namespace std::chrono_literals;

namespace {

meter::Point energy_at(std::uint16_t at) {
  meter::Point point;
  point.name = "active_energy_import";
  point.function = modbus::Function::read_input_registers;
  point.at = at;
  point.registers = 2;
  point.type = meter::Type::f32;
  point.unit = meter::Unit::kilowatt_hour;
  point.kind = meter::Kind::counter;
  return point;
}

meter::Meter meter_on(std::string bus, std::string name, modbus::UnitId unit) {
  meter::Meter made;
  made.name = std::move(name);
  made.bus = std::move(bus);
  made.unit_id = unit;
  made.points = {energy_at(72)};
  return made;
}

meter::Site three_buses() {
  meter::Site site;
  meter::Bus line, gateway, converter;
  line.name = "line-1";
  line.line.baud = 115'200;
  gateway.name = "gateway-1";
  gateway.transport = meter::Transport::tcp;
  converter.name = "converter-1";
  converter.transport = meter::Transport::rtu_over_tcp;
  site.buses = {line, gateway, converter};
  site.meters = {meter_on("line-1", "pump-1", 1), meter_on("gateway-1", "pump-2", 1),
                 meter_on("gateway-1", "pump-3", 2), meter_on("converter-1", "pump-4", 1)};
  return site;
}

Bytes rtu(Bytes frame) {
  const std::uint16_t crc = modbus::crc16(frame);
  frame.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  frame.push_back(static_cast<std::uint8_t>(crc >> 8));
  return frame;
}

double energy_in(const Bytes& reply, std::size_t at) {
  const std::vector<std::uint16_t> words{
      static_cast<std::uint16_t>(reply.at(at) << 8 | reply.at(at + 1)),
      static_cast<std::uint16_t>(reply.at(at + 2) << 8 | reply.at(at + 3))};
  return meter::decode(energy_at(72), words).value.to_double();
}

struct Running {
  explicit Running(Behaviour behaviour = {}) {
    auto made = Simulation::create(io.get_executor(), three_buses(), directory.path(), behaviour);
    REQUIRE(made.has_value());
    simulation = std::move(*made);
  }
  test::TemporaryDirectory directory;
  asio::io_context io;
  std::unique_ptr<Simulation> simulation;
};

const Bytes request{1, 4, 0, 72, 0, 2};

}  // namespace

TEST_CASE("a meter on a simulated line answers with a counter of a past life") {
  Running plant;
  SerialClient client(plant.simulation->addresses()[0]);
  client.send(rtu(request));
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 9; }));
  CHECK(modbus::crc_valid(client.received()));
  CHECK(energy_in(client.received(), 3) > 10'000);
  const BusStatistics statistics = plant.simulation->statistics()[0];
  CHECK(statistics.requests == 1);
  CHECK(statistics.replies == 1);
  CHECK(statistics.bytes_received == 8);
  CHECK(statistics.bytes_sent == 9);
  CHECK(statistics.too_early == 0);
}

TEST_CASE("a reply on a line comes no sooner than the line can carry it") {
  Running plant;
  SerialClient client(plant.simulation->addresses()[0]);
  const auto sent = std::chrono::steady_clock::now();
  client.send(rtu(request));
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 9; }));
  // 8 and 9 characters of 86.8 us, and 5 ms turnaround.
  CHECK(std::chrono::steady_clock::now() - sent >= 6'475us);
}

TEST_CASE("a damaged request, and one for nobody, stay unanswered") {
  Running plant;
  SerialClient client(plant.simulation->addresses()[0]);
  Bytes damaged = rtu(request);
  damaged.back() ^= 1;
  client.send(damaged);
  REQUIRE(run_until(plant.io, [&] { return plant.simulation->statistics()[0].garbage_bytes == 8; }));
  client.send(rtu({9, 4, 0, 72, 0, 2}));
  REQUIRE(run_until(plant.io, [&] { return plant.simulation->statistics()[0].requests == 1; }));
  client.send(rtu(request));
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 9; }));
  CHECK(client.received().size() == 9);
}

TEST_CASE("requests without a silence between them are counted") {
  Running plant;
  SerialClient client(plant.simulation->addresses()[0]);
  Bytes two = rtu(request);
  const Bytes second = rtu(request);
  two.insert(two.end(), second.begin(), second.end());
  client.send(two);
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 18; }));
  CHECK(plant.simulation->statistics()[0].requests == 2);
  CHECK(plant.simulation->statistics()[0].too_early == 1);
}

TEST_CASE("several units behind one gateway answer, on several connections") {
  Running plant;
  TcpClient one(plant.io, plant.simulation->addresses()[1]);
  TcpClient two(plant.io, plant.simulation->addresses()[1]);
  one.send({0, 1, 0, 0, 0, 6, 1, 4, 0, 72, 0, 2});
  two.send({0, 2, 0, 0, 0, 6, 2, 4, 0, 72, 0, 2});
  REQUIRE(run_until(plant.io, [&] { return one.received().size() >= 13 && two.received().size() >= 13; }));
  CHECK(one.received()[1] == 1);
  CHECK(two.received()[1] == 2);
  CHECK(energy_in(one.received(), 9) > 10'000);
  CHECK(energy_in(one.received(), 9) != energy_in(two.received(), 9));
}

TEST_CASE("requests that wait for each other are answered in their order") {
  Running plant;
  REQUIRE(plant.simulation->set_fault("pump-2", {FaultKind::late, 5ms, 0}));
  TcpClient client(plant.io, plant.simulation->addresses()[1]);
  client.send({0, 1, 0, 0, 0, 6, 1, 4, 0, 72, 0, 2, 0, 2, 0, 0, 0, 6, 2, 4, 0, 72, 0, 2});
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 26; }));
  CHECK(client.received()[1] == 1);
  CHECK(client.received()[14] == 2);
}

TEST_CASE("what is not Modbus TCP closes the connection, and others go on") {
  Running plant;
  TcpClient client(plant.io, plant.simulation->addresses()[1]);
  client.send({'G', 'E', 'T', ' ', '/', ' ', 'H', 'T'});
  REQUIRE(run_until(plant.io, [&] { return client.closed(); }));
  TcpClient other(plant.io, plant.simulation->addresses()[1]);
  other.send({0, 1, 0, 0, 0, 6, 1, 4, 0, 72, 0, 2});
  REQUIRE(run_until(plant.io, [&] { return other.received().size() >= 13; }));
}

TEST_CASE("a converter carries the frames of a line over TCP") {
  Running plant;
  TcpClient client(plant.io, plant.simulation->addresses()[2]);
  client.send(rtu(request));
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 9; }));
  CHECK(modbus::crc_valid(client.received()));
}

TEST_CASE("faults can be set and mended while it runs") {
  Running plant;
  CHECK_FALSE(plant.simulation->set_fault("pump-9", {FaultKind::silent, 0ms, 0}));
  REQUIRE(plant.simulation->set_fault("pump-2", {FaultKind::exception, 0ms, 6}));
  TcpClient client(plant.io, plant.simulation->addresses()[1]);
  client.send({0, 1, 0, 0, 0, 6, 1, 4, 0, 72, 0, 2});
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 9; }));
  CHECK(Bytes(client.received().begin() + 7, client.received().end()) == Bytes{0x84, 6});
  REQUIRE(plant.simulation->set_fault("pump-2", {}));
  client.send({0, 2, 0, 0, 0, 6, 1, 4, 0, 72, 0, 2});
  REQUIRE(run_until(plant.io, [&] { return client.received().size() >= 9 + 13; }));
}

TEST_CASE("the links to the lines go with the simulation, and an older link is no obstacle") {
  test::TemporaryDirectory directory;
  std::filesystem::create_symlink("/nowhere/at/all", directory / "line-1");
  asio::io_context io;
  {
    const auto made = Simulation::create(io.get_executor(), three_buses(), directory.path(), {});
    REQUIRE(made.has_value());
    CHECK(std::filesystem::exists(directory / "line-1"));
    CHECK((*made)->addresses()[0] == (directory / "line-1").string());
  }
  CHECK_FALSE(std::filesystem::exists(std::filesystem::symlink_status(directory / "line-1")));
}

TEST_CASE("a file in the way of a line is left alone") {
  test::TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "line-1");
  asio::io_context io;
  const auto made = Simulation::create(io.get_executor(), three_buses(), directory.path(), {});
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().message.find("in the way") != std::string::npos);
  CHECK(std::filesystem::is_directory(directory / "line-1"));
}

TEST_CASE("statistics are one line of JSON") {
  BusStatistics bus;
  bus.name = "line-1";
  bus.requests = 3;
  bus.shortest_silence = 1'750us;
  CHECK(
      to_json({bus}) ==
      R"({"buses":[{"name":"line-1","requests":3,"replies":0,"too_early":0,"garbage_bytes":0,"lost_bytes":0,)"
      R"("bytes_received":0,"bytes_sent":0,"shortest_silence_us":1750,"wire_time_us":0,"adapter_time_us":0}]})");
}
