// Opening serial ports: settings, locks, and errors that say what to do.
#include "drivers/modbus/serial_port.hpp"

#include <fcntl.h>
#include <sys/file.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <boost/asio/io_context.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/pty_pair.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto::modbus;
using congto::test::PtyPair;
using congto::test::TemporaryDirectory;

namespace {

std::string trouble_with(const std::string& device, const SerialSettings& settings = {}) {
  const auto port = open_serial_port(device, settings, false);
  return port.has_error() ? port.error().message : "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a pty takes any baud rate, and parity and stop bits in its way") {
  boost::asio::io_context context;
  PtyPair pty(context.get_executor());
  for (const unsigned baud : {1200u, 9600u, 19'200u, 57'600u, 115'200u, 250'000u}) {
    for (const Parity parity : {Parity::none, Parity::even, Parity::odd}) {
      CHECK(trouble_with(pty.device(), {baud, parity, 2}) == "");
    }
  }
}

TEST_CASE("a port that does not exist is named") {
  const TemporaryDirectory directory;
  const std::string device = (directory / "ttyUSB0").string();
  CHECK(contains(trouble_with(device), "serial port " + device + " does not exist"));
}

TEST_CASE("a file is no serial port") {
  const TemporaryDirectory directory;
  const std::string file = (directory / "file").string();
  std::ofstream(file) << "text";
  CHECK(contains(trouble_with(file), "is not a serial port"));
  CHECK(contains(trouble_with("/dev/null"), "is not a serial port"));
}

TEST_CASE("a port that another program holds is not opened, and is when that lets it go") {
  boost::asio::io_context context;
  PtyPair pty(context.get_executor());
  {
    const auto first = open_serial_port(pty.device(), {}, false);
    REQUIRE(first.has_value());
    CHECK(contains(trouble_with(pty.device()), "is held by another program"));
  }
  CHECK(trouble_with(pty.device()) == "");
}

TEST_CASE("a port without kernel RS-485 mode is opened with a warning") {
  boost::asio::io_context context;
  PtyPair pty(context.get_executor());
  const auto port = open_serial_port(pty.device(), {}, true);
  REQUIRE(port.has_value());
  REQUIRE(port->warnings.size() == 1);
  CHECK(contains(port->warnings[0], "RS-485"));
}

TEST_CASE("a port that did not take its settings is known by what it says") {
  const SerialSettings wanted{9600, Parity::even, 1};
  CHECK_FALSE(settings_not_taken(wanted, wanted));
  CHECK(settings_not_taken(wanted, {9600, Parity::none, 1}) == "told 9600 8E1, it is at 9600 8N1");
  CHECK(settings_not_taken(wanted, {9600, Parity::odd, 1}));
  CHECK(settings_not_taken(wanted, {9600, Parity::even, 2}));
  CHECK(settings_not_taken(wanted, {38'400, Parity::even, 1}));
}

TEST_CASE("a baud rate may be rounded by 2 %") {
  CHECK_FALSE(settings_not_taken({9600, Parity::none, 1}, {9792, Parity::none, 1}));
  CHECK_FALSE(settings_not_taken({9600, Parity::none, 1}, {9408, Parity::none, 1}));
  CHECK(settings_not_taken({9600, Parity::none, 1}, {9793, Parity::none, 1}));
  CHECK(settings_not_taken({9600, Parity::none, 1}, {9407, Parity::none, 1}));
}
