// config/examples/ice-plant.toml, read through the production plan and decoder from its simulation: every
// point of the shipped profiles in it has a plausible value.
#include <algorithm>
#include <cmath>
#include <map>

#include "agent/simulate/simulation.hpp"
#include "drivers/meter/decode.hpp"
#include "drivers/meter/poll_run.hpp"
#include "drivers/meter/site_reader.hpp"
#include "drivers/modbus/tcp_frame.hpp"
#include "drivers/toml/document.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/raw_clients.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::simulate;

namespace {

const std::string source = CONGTO_SOURCE_DIR;

meter::Site example_site() {
  toml::Report report;
  const auto document = toml::Document::load(source + "/config/examples/ice-plant.toml", report);
  REQUIRE(document.has_value());
  toml::Table root(document->root(), "the site", document->file(), report);
  meter::Site site = meter::read_site(root, source + "/config/examples", {source + "/config/meters"});
  for (const auto& error : report.errors()) UNSCOPED_INFO(error.text());
  REQUIRE_FALSE(report.failed());
  return site;
}

modbus::Exchanged<modbus::Reply> exchange(boost::asio::io_context& io, test::TcpClient& client,
                                          const modbus::Request& request) {
  test::Bytes frame;
  modbus::append_tcp_request(1, request, frame);
  const std::size_t before = client.received().size();
  client.send(frame);
  const auto whole = [&] {
    const std::size_t size = client.received().size() - before;
    return size >= modbus::tcp_head_bytes &&
           size >= modbus::tcp_head(std::span(client.received()).subspan(before)).frame_bytes();
  };
  REQUIRE(test::run_until(io, whole));
  const auto pdu = std::span(client.received()).subspan(before + modbus::tcp_head_bytes);
  if (modbus::fit(request, pdu) != modbus::Fit::reply) {
    return modbus::Failure{modbus::FailureKind::exception, pdu[1], "refused"};
  }
  modbus::Reply reply;
  reply.words = modbus::reply_words(request, pdu);
  return reply;
}

// Values by name of one poll of one meter; every point must be good.
std::map<std::string, double> poll(boost::asio::io_context& io, test::TcpClient& client,
                                   const meter::Meter& meter, const std::vector<meter::Point>& points) {
  meter::MeterPlan plan(points, meter.limits.read, {});
  meter::PollRun run(plan, meter.unit_id);
  while (const auto request = run.next()) run.take(exchange(io, client, *request));
  const auto outcome = run.finish();
  std::map<std::string, double> values;
  std::size_t offset = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    INFO(meter.name << " " << points[i].name);
    REQUIRE(outcome.quality[i] == meter::Quality::good);
    const auto reading =
        meter::decode(points[i], std::span(outcome.words).subspan(offset, points[i].raw_words()));
    REQUIRE(reading.quality == meter::Quality::good);
    values[points[i].name] = reading.value.to_double();
    offset += points[i].raw_words();
  }
  return values;
}

void check_electricity(const std::map<std::string, double>& values) {
  CHECK(std::abs(values.at("frequency") - 50) < 0.2);
  CHECK(values.at("active_power") > 0);
  for (const auto& [name, value] : values) {
    INFO(name << " = " << value);
    if (name.starts_with("voltage_l") && name.ends_with("_n")) CHECK((value > 207 && value < 253));
    if (name.starts_with("power_factor")) CHECK((value > 0.3 && value <= 1));
    if (name == "active_energy_import" || name == "active_energy_total") CHECK(value > 1'000);
  }
  if (values.contains("active_power_l3")) {
    const double sum =
        values.at("active_power_l1") + values.at("active_power_l2") + values.at("active_power_l3");
    CHECK(values.at("active_power") == Approx(sum).epsilon(1e-5));
  }
}

}  // namespace

TEST_CASE("every point of the example plant can be read, from strict units too, and makes sense") {
  meter::Site site = example_site();
  REQUIRE(site.meters.size() >= 8);
  // One kind of client for all: what a line adds is tested elsewhere.
  for (meter::Bus& bus : site.buses) bus.transport = meter::Transport::tcp;
  test::TemporaryDirectory directory;
  boost::asio::io_context io;
  Behaviour behaviour;
  behaviour.strict = GENERATE(false, true);
  const auto simulation = Simulation::create(io.get_executor(), site, directory.path(), behaviour);
  REQUIRE(simulation.has_value());
  int water = 0;
  for (const meter::Meter& meter : site.meters) {
    const bool first_bus = meter.bus == site.buses[0].name;
    test::TcpClient client(io, (*simulation)->addresses()[first_bus ? 0 : 1]);
    const auto values = poll(io, client, meter, meter.points);
    poll(io, client, meter, meter.info);
    INFO(meter.name);
    if (meter.medium == "water") {
      ++water;
      CHECK(values.at("flow_rate") >= 0);
      CHECK(values.at("volume_forward") > 1'000);
    } else {
      check_electricity(values);
    }
  }
  CHECK(water == 2);
}

TEST_CASE("the example has a serial line and a gateway with several units each") {
  const meter::Site site = example_site();
  CHECK(site.buses[0].transport == meter::Transport::serial);
  CHECK(site.buses[1].transport == meter::Transport::tcp);
  for (const meter::Bus& bus : site.buses)
    CHECK(std::ranges::count(site.meters, bus.name, &meter::Meter::bus) >= 3);
}
