// The RTU envelope.
#include "drivers/modbus/rtu_frame.hpp"

#include <stdexcept>

#include "tests/support/catch.hpp"
#include "tests/support/hex_bytes.hpp"

using namespace congto::modbus;
using congto::test::hex_bytes;

TEST_CASE("an RTU request is unit, request and checksum") {
  std::vector<std::uint8_t> bytes = {0xEE};
  append_rtu_request({10, Function::read_input_registers, 0, 2}, bytes);
  CHECK(bytes == hex_bytes("EE 0A 04 00 00 00 02 70 B0"));
}

TEST_CASE("nothing is ever sent to the broadcast address") {
  const Request request{0, Function::read_input_registers, 0, 2};
  std::vector<std::uint8_t> bytes;
  CHECK(rtu_objection(request));
  CHECK_THROWS_AS(append_rtu_request(request, bytes), std::invalid_argument);
  CHECK(bytes.empty());
}

TEST_CASE("the length of a whole reply is told from its first bytes") {
  using State = PduLength::State;
  const Request request{1, Function::read_input_registers, 0, 2};
  CHECK(rtu_reply_length(request, {}).state == State::more_needed);
  CHECK(rtu_reply_length(request, hex_bytes("02")).state == State::never);
  CHECK(rtu_reply_length(request, hex_bytes("01 04")).state == State::more_needed);
  CHECK(rtu_reply_length(request, hex_bytes("01 04 04")).bytes == 9);
  CHECK(rtu_reply_length(request, hex_bytes("01 84")).bytes == 5);
  const Request longest{1, Function::read_holding_registers, 0, 125};
  CHECK(rtu_reply_length(longest, hex_bytes("01 03 FA")).bytes == 255);
  // 255 bytes of server id would make a frame of 260.
  const Request server{1, Function::report_server_id, 0, 1};
  CHECK(rtu_reply_length(server, hex_bytes("01 11 FF")).state == State::never);
  CHECK(rtu_reply_length(server, hex_bytes("01 11 FB")).bytes == 256);
}

TEST_CASE("a checksum counts only with a unit and a function before it") {
  CHECK(crc_valid(hex_bytes("01 04 00 00 00 02 71 CB")));
  CHECK_FALSE(crc_valid(hex_bytes("01 04 00 00 00 02 CB 71")));
  CHECK_FALSE(crc_valid(hex_bytes("FF FF")));
  CHECK_FALSE(crc_valid({}));
}

TEST_CASE("what is wrong with a checksum is said in bytes as they stand on the line") {
  CHECK(crc_trouble(hex_bytes("01 04 00 00 00 02 12 34")) == "CRC wrong: got 12 34, computed 71 CB");
  CHECK(hex(hex_bytes("00 0a ff")) == "00 0A FF");
}
