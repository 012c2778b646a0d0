// The checksum of RTU frames, against published values.
#include "drivers/modbus/crc16.hpp"

#include <string_view>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/hex_bytes.hpp"

using congto::modbus::crc16;
using congto::test::hex_bytes;

TEST_CASE("the checksum is CRC-16/MODBUS") {
  const std::string_view check = "123456789";  // the catalogue's check value for this CRC
  CHECK(crc16(std::vector<std::uint8_t>(check.begin(), check.end())) == 0x4B37);
  CHECK(crc16({}) == 0xFFFF);
  CHECK(crc16(hex_bytes("02 07")) == 0x1241);  // example in Modbus over Serial Line V1.02, section 6.2.2
}

TEST_CASE("the checksum over a frame with its checksum is 0") {
  CHECK(crc16(hex_bytes("01 04 00 00 00 02 71 CB")) == 0);
  CHECK(crc16(hex_bytes("01 04 00 00 00 02 71 CA")) != 0);
}
