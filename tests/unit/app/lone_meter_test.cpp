// `congto read` without a site: options become a bus and a meter, with the words of the site file.
#include "agent/app/lone_meter.hpp"

#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;

namespace {

struct Bench {
  Bench() {
    std::ofstream(directory.path() / "factory.toml")
        << "vendor = \"Test\"\nmodel = \"T\"\nmedium = \"water\"\nfunction = 3\n"
           "[serial]\nbaud = 2400\nparity = \"even\"\n[points]\n"
           "volume_total = { at = 0, type = \"u32\", unit = \"setting\", kind = \"counter\" }\n";
    options.profile = (directory.path() / "factory.toml").string();
    options.unit_id = 7;
  }
  std::optional<app::LoneMeter> make() {
    messages.str({});
    return app::lone_meter(options, messages);
  }
  bool said(const std::string& words) const { return messages.str().find(words) != std::string::npos; }

  test::TemporaryDirectory directory;
  app::ReadOptions options;
  std::ostringstream messages;
};

}  // namespace

TEST_CASE("a serial line is set as the meter leaves the factory unless the options say otherwise") {
  Bench bench;
  bench.options.serial = "/dev/ttyUSB0";
  auto lone = bench.make();
  REQUIRE(lone);
  CHECK(lone->bus.device == "/dev/ttyUSB0");
  CHECK(modbus::text(lone->bus.line) == "2400 8E1");
  CHECK(lone->meter.unit_id == 7);
  bench.options.baud = 19200;
  bench.options.parity = "none";
  lone = bench.make();
  REQUIRE(lone);
  CHECK(modbus::text(lone->bus.line) == "19200 8N1");
}

TEST_CASE("speeds, parities and stop bits that a site refuses are refused here too") {
  Bench bench;
  bench.options.serial = "/dev/ttyUSB0";
  SECTION("baud 0") { bench.options.baud = 0; }
  SECTION("no speed of any meter") { bench.options.baud = 4'294'967'295; }
  SECTION("parity") { bench.options.parity = "mark"; }
  SECTION("stop bits") { bench.options.stop_bits = 9; }
  CHECK_FALSE(bench.make());
  CHECK(bench.said("expected"));
}

TEST_CASE("a TCP meter needs no unit id and no port; IPv6 is written in brackets") {
  Bench bench;
  bench.options.unit_id.reset();
  bench.options.tcp = "[::1]";
  const auto lone = bench.make();
  REQUIRE(lone);
  CHECK(lone->bus.host == "::1");
  CHECK(lone->bus.port == 502);
  CHECK(lone->meter.unit_id == 255);
}

TEST_CASE("a serial meter and a converter need the meter's unit id") {
  Bench bench;
  bench.options.unit_id.reset();
  SECTION("serial") { bench.options.serial = "/dev/ttyUSB0"; }
  SECTION("rtu over tcp") { bench.options.rtu_over_tcp = "10.0.0.5:4001"; }
  CHECK_FALSE(bench.make());
  CHECK(bench.said("--unit-id"));
}

TEST_CASE("an address that is none is refused with an example") {
  Bench bench;
  bench.options.tcp = "http://10.0.0.5";
  CHECK_FALSE(bench.make());
  CHECK(bench.said("--tcp: expected host:port"));
}

TEST_CASE("a unit that a menu decides is told, since nothing here can give it") {
  Bench bench;
  bench.options.tcp = "10.0.0.5";
  REQUIRE(bench.make());
  CHECK(bench.said("volume_total: a menu of the device decides its unit"));
}

TEST_CASE("an unknown profile is answered with the nearest there is") {
  Bench bench;
  bench.options.tcp = "10.0.0.5";
  bench.options.profile = "factori";
  bench.options.site.shipped = bench.directory.path();
  CHECK_FALSE(bench.make());
  CHECK(bench.said("did you mean \"factory\"?"));
}

TEST_CASE("a meter has one channel") {
  Bench bench;
  bench.options.tcp = "10.0.0.5";
  bench.options.serial = "/dev/ttyUSB0";
  CHECK_FALSE(bench.make());
}
