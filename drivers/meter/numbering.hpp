// Numbering: how a manual counts registers, and the wire address that a number means in it.
// Pure; used by the readers of points.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "drivers/core/error.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

constexpr std::uint32_t register_addresses = 65'536;  // of each function, 0 to 65535

enum class Numbering : std::uint8_t {
  wire,     // 0-based, as sent
  one,      // register 1 is wire address 0
  modicon,  // five or six digits; the first gives the function: 0 coils, 1 discrete inputs, 3 input, 4
            // holding
};

// A register number as a profile writes it. In quotes only where TOML forbids the leading zeros of 00001.
struct RegisterNumber {
  std::int64_t number = 0;
  std::string quoted;        // its digits, where it was written as a text
  bool hexadecimal = false;  // written 0x…: no Modicon number
  bool operator==(const RegisterNumber&) const = default;
};

struct WireAddress {
  std::uint16_t at = 0;
  std::optional<modbus::Function> function;  // where the number itself says it
};

// The error says what was expected; it has no place yet.
Result<WireAddress> wire_address(Numbering numbering, const RegisterNumber& number);

// The function that a number would have if it was a Modicon number, where it reads like one: 30001-39999 and
// 40001-49999 for a point of either kind of registers, 10001-19999 for discrete inputs. Written 0x… it is
// none.
std::optional<modbus::Function> modicon_function(modbus::Function given, const RegisterNumber& number);

}  // namespace congto::meter
