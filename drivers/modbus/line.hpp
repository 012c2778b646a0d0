// SerialSettings: how a serial line is set, and what follows from it: the time of a character and the silence
// between frames. Pure; used by the links, the read plan's cost and the simulator.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace congto::modbus {

enum class Parity : std::uint8_t { none, even, odd };

// Settings of a serial line, and the factory setting that a profile names. Always 8 data bits (RTU).
struct SerialSettings {
  unsigned baud = 9600;
  Parity parity = Parity::none;
  unsigned stop_bits = 1;
  bool operator==(const SerialSettings&) const = default;
};

// "9600 8N1".
std::string text(const SerialSettings& settings);

// Start bit, 8 data bits, parity bit if any, stop bits. `baud` is never 0 below.
unsigned bits_per_character(const SerialSettings& settings);
std::chrono::nanoseconds character_time(const SerialSettings& settings);

// The silence that separates two RTU frames: 3.5 characters, and above 19200 baud fixed at 1.75 ms
// (Modbus over Serial Line V1.02, section 2.5.1.1). Rounded up to a whole microsecond.
std::chrono::microseconds silence_time(const SerialSettings& settings);

}  // namespace congto::modbus
