// In which order a point's registers make up its number; shared by decode and encode.
// Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "drivers/meter/point.hpp"

namespace congto::meter {

// Functions 1 and 2: a word is one coil, 0 or 1.
inline bool reads_bits(const Point& point) {
  return point.function == modbus::Function::read_coils ||
         point.function == modbus::Function::read_discrete_inputs;
}

// Little word order turns all registers of a value around, four as well as two. Modulo-10000 groups come
// lowest first on every meter known, and the first coil is bit 0, whatever the profile's head says. Text is
// never turned around.
inline bool low_word_first(const Point& point) {
  if (point.type == Type::ascii) return false;
  return point.word_order == WordOrder::little || point.type == Type::mod10k4 || reads_bits(point);
}

inline constexpr std::uint64_t mod10k4_base = 10'000;
// sm16: the sign, and the magnitude below it.
inline constexpr std::uint16_t sm16_sign = 0x8000;

// Bounds of the power of ten in a scale register: those of the meters that have one are within -6..6; beyond
// 18 no 64-bit register could make a sensible value. 0x8000 is a common not-available mark and lies outside.
inline constexpr int least_scale_exponent = -18;
inline constexpr int most_scale_exponent = 18;

}  // namespace congto::meter
