// Requests, their limits, and which replies fit them, whatever the transport.
#include "drivers/modbus/pdu.hpp"

#include <set>
#include <stdexcept>

#include "tests/support/catch.hpp"
#include "tests/support/hex_bytes.hpp"

using namespace congto::modbus;
using congto::test::hex_bytes;

namespace {

std::vector<std::uint8_t> encoded(const Request& request) {
  std::vector<std::uint8_t> bytes;
  append_request(request, bytes);
  return bytes;
}

Request registers(std::uint16_t at, std::uint16_t count) {
  return {1, Function::read_holding_registers, at, count};
}

Request coils(std::uint16_t at, std::uint16_t count) { return {1, Function::read_coils, at, count}; }

Fit fit_of(const Request& request, const char* hex) { return fit(request, hex_bytes(hex)); }

}  // namespace

TEST_CASE("requests are encoded as the standard says") {
  CHECK(encoded(coils(0x13, 0x25)) == hex_bytes("01 00 13 00 25"));
  CHECK(encoded({1, Function::read_discrete_inputs, 0xC4, 0x16}) == hex_bytes("02 00 C4 00 16"));
  CHECK(encoded(registers(0x6B, 3)) == hex_bytes("03 00 6B 00 03"));
  CHECK(encoded({1, Function::read_input_registers, 0xFFFF, 1}) == hex_bytes("04 FF FF 00 01"));
  CHECK(encoded({1, Function::report_server_id, 7, 9}) == hex_bytes("11"));
  CHECK(encoded({1, Function::read_device_identification, 0, 1}) == hex_bytes("2B 0E 01 00"));
}

TEST_CASE("no number cast to a function encodes anything but the six reading functions") {
  const std::set<std::uint8_t> allowed = {1, 2, 3, 4, 17, 43};
  for (unsigned code = 0; code < 256; ++code) {
    const Request request{1, static_cast<Function>(code), 0, 1};
    std::vector<std::uint8_t> bytes;
    if (allowed.count(static_cast<std::uint8_t>(code)) == 1) {
      append_request(request, bytes);
      CHECK(bytes.at(0) == code);
      CHECK_FALSE(objection(request));
    } else {
      CHECK_THROWS_AS(append_request(request, bytes), std::invalid_argument);
      CHECK(bytes.empty());
      CHECK(objection(request));
    }
  }
}

TEST_CASE("the standard's limits are kept") {
  CHECK_FALSE(objection(registers(0, 125)));
  CHECK(objection(registers(0, 126)));
  CHECK(objection(registers(0, 0)));
  CHECK_FALSE(objection(coils(0, 2000)));
  CHECK(objection(coils(0, 2001)));
  CHECK(objection(coils(0, 0)));
  CHECK_FALSE(objection(registers(65'535, 1)));
  CHECK(objection(registers(65'535, 2)));
  CHECK_FALSE(objection(registers(65'411, 125)));
  CHECK(objection(registers(65'412, 125)));
  CHECK_FALSE(objection({1, Function::read_device_identification, 255, 4}));
  CHECK(objection({1, Function::read_device_identification, 256, 4}));
  CHECK(objection({1, Function::read_device_identification, 0, 0}));
  CHECK(objection({1, Function::read_device_identification, 0, 5}));
}

TEST_CASE("a reply fits only with its function, byte count and length") {
  const Request request = registers(0, 2);
  CHECK(fit_of(request, "03 04 00 01 00 02") == Fit::reply);
  CHECK(fit_of(request, "04 04 00 01 00 02") == Fit::other);
  CHECK(fit_of(request, "03 02 00 01") == Fit::other);
  CHECK(fit_of(request, "03 06 00 01 00 02 00 03") == Fit::other);
  CHECK(fit_of(request, "03 04 00 01 00") == Fit::other);
  CHECK(fit_of(request, "03 04 00 01 00 02 00") == Fit::other);
  CHECK(fit_of(request, "03") == Fit::other);
  CHECK(fit_of(request, "") == Fit::other);
}

TEST_CASE("an exception reply has its function and a code that is not 0") {
  const Request request = registers(0, 2);
  CHECK(fit_of(request, "83 02") == Fit::exception);
  CHECK(fit_of(request, "83 FF") == Fit::exception);
  CHECK(fit_of(request, "83 00") == Fit::other);
  CHECK(fit_of(request, "84 02") == Fit::other);
  CHECK(fit_of(request, "83 02 00") == Fit::other);
  CHECK(fit_of(request, "83") == Fit::other);
}

TEST_CASE("coils come lowest bit first, and padding bits are left out") {
  const Request request = coils(0, 10);
  const auto reply = hex_bytes("01 02 CD 02");
  REQUIRE(fit(request, reply) == Fit::reply);
  CHECK(reply_words(request, reply) == std::vector<std::uint16_t>{1, 0, 1, 1, 0, 0, 1, 1, 0, 1});
  CHECK(fit_of(coils(0, 8), "01 01 FF") == Fit::reply);
  CHECK(fit_of(coils(0, 9), "01 01 FF") == Fit::other);
}

TEST_CASE("registers come high byte first") {
  const auto reply = hex_bytes("03 04 12 34 FF 00");
  CHECK(reply_words(registers(0, 2), reply) == std::vector<std::uint16_t>{0x1234, 0xFF00});
}

TEST_CASE("a device identification fits when its objects fill it exactly") {
  const Request request{1, Function::read_device_identification, 0, 1};
  CHECK(fit_of(request, "2B 0E 01 01 00 00 02 00 02 41 42 01 00") == Fit::reply);
  CHECK(fit_of(request, "2B 0E 01 01 00 00 00") == Fit::reply);
  CHECK(fit_of(request, "2B 0E 01 01 00 00 02 00 02 41 42 01") == Fit::other);
  CHECK(fit_of(request, "2B 0E 01 01 00 00 01 00 02 41 42 00") == Fit::other);
  CHECK(fit_of(request, "2B 0E 02 01 00 00 00") == Fit::other);
  CHECK(fit_of(request, "2B 0D 01 01 00 00 00") == Fit::other);
  CHECK(fit_of(request, "AB 01") == Fit::exception);
}

TEST_CASE("the length of a reply is told from its first bytes") {
  using State = PduLength::State;
  const Request request = registers(0, 125);
  CHECK(reply_length(request, hex_bytes("")).state == State::more_needed);
  CHECK(reply_length(request, hex_bytes("03")).state == State::more_needed);
  CHECK(reply_length(request, hex_bytes("03 FA")).bytes == 252);
  CHECK(reply_length(request, hex_bytes("03 F8")).state == State::never);
  CHECK(reply_length(request, hex_bytes("04")).state == State::never);
  CHECK(reply_length(request, hex_bytes("83")).bytes == 2);
  CHECK(reply_length({1, Function::report_server_id, 0, 1}, hex_bytes("11 08")).bytes == 10);
}
