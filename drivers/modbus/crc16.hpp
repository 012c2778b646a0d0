// The checksum of RTU frames: CRC-16/MODBUS (Modbus over Serial Line V1.02, section 6.2.2), sent low byte
// first. Pure; used by rtu_frame.
#pragma once

#include <cstdint>
#include <span>

namespace congto::modbus {

std::uint16_t crc16(std::span<const std::uint8_t> bytes);

}  // namespace congto::modbus
