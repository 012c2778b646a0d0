// The part of Modbus that is the same on every transport: which functions exist here, one request, one reply.
// Read-only by type: Function has no member that could change anything in a meter (promise 3 of the design).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"

namespace congto::modbus {

// 1-247 on serial lines (0 would be a broadcast), 0-255 on TCP.
using UnitId = std::uint8_t;

// Modbus Application Protocol V1.1b3, section 6: the reading functions and the two identification functions.
enum class Function : std::uint8_t {
  read_coils = 1,
  read_discrete_inputs = 2,
  read_holding_registers = 3,
  read_input_registers = 4,
  report_server_id = 17,
  read_device_identification = 43,  // MEI type 14
};

// Limits of one request in the same specification.
inline constexpr std::uint16_t max_registers_per_request = 125;
inline constexpr std::uint16_t max_bits_per_request = 2000;

struct Request {
  UnitId unit = 1;
  Function function = Function::read_holding_registers;
  std::uint16_t at = 0;     // wire address, 0-based
  std::uint16_t count = 1;  // registers, or coils for functions 1 and 2
  bool operator==(const Request&) const = default;
};

// What a reply to functions 1-4 carried: one word per register, or one word (0 or 1) per coil.
// For functions 17 and 43 `words` holds the bytes of the reply after the function code, one byte a word.
struct Reply {
  std::vector<std::uint16_t> words;
  BootTime last_byte;                     // when its last byte arrived
  std::chrono::microseconds took{0};      // from the last byte of the request to the last byte of the reply
};

}  // namespace congto::modbus
