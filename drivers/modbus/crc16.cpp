// See crc16.hpp.
#include "drivers/modbus/crc16.hpp"

#include <boost/crc.hpp>

namespace congto::modbus {

std::uint16_t crc16(std::span<const std::uint8_t> bytes) {
  boost::crc_optimal<16, 0x8005, 0xFFFF, 0, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return static_cast<std::uint16_t>(crc.checksum());
}

}  // namespace congto::modbus
