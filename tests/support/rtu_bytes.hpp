// RTU frames for tests: the bytes given, with their checksum behind. Needs congto_modbus.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/modbus/crc16.hpp"
#include "tests/support/hex_bytes.hpp"

namespace congto::test {

inline std::vector<std::uint8_t> with_crc(std::vector<std::uint8_t> bytes) {
  const auto crc = modbus::crc16(bytes);
  bytes.push_back(static_cast<std::uint8_t>(crc & 0xFF));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  return bytes;
}

inline std::vector<std::uint8_t> with_crc(std::string_view hex) { return with_crc(hex_bytes(hex)); }

}  // namespace congto::test
