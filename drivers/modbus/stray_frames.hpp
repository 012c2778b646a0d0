// Finds whole, undamaged RTU frames in bytes that belong to no exchange of ours: late replies, other masters.
// Pure; used by rtu_line to tell traffic from noise. It only recognises frames; nothing here can build one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

struct StrayFrame {
  UnitId unit = 0;
  std::uint8_t function = 0;  // with the exception bit (0x80) where it is set
  bool reply_like = false;    // can be a reply; false: only a master sends this
  std::size_t bytes = 0;
};

// In the order of the line. Where two lengths fit at one place the longer counts: a chance match of the CRC
// is likelier in the shorter one.
std::vector<StrayFrame> find_frames(std::span<const std::uint8_t> bytes);

}  // namespace congto::modbus
