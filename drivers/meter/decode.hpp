// From raw words to values: the only decoder, used by agent, `congto read`, export and the simulator's
// checks. Pure functions, thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/decimal.hpp"
#include "drivers/meter/point.hpp"
#include "drivers/meter/sample.hpp"

namespace congto::meter {

// One decoded value. `value` counts when quality is good or implausible. `text` is set for ascii only.
struct Reading {
  const Point* point = nullptr;
  Quality quality = Quality::good;
  Decimal value;
  std::string text;
};

// `words`: exactly point.raw_words() words, in wire order: value, scale register, plus part; throws
// std::invalid_argument for another number.
// The value is (register + plus x its scale) x scale x 10^(scale register) x ratio, exact; only a ratio whose
// division does not end is rounded, to 15 digits. not_available: NaN and infinite floats (also as the plus
// part), marks of point.not_available, scale registers outside -18..18, values of more than 38 digits.
// implausible, with the value: pf4q outside -2..2, a group of mod10k4 above 9999.
Reading decode(const Point& point, std::span<const std::uint16_t> words);

// All points of a sample, in layout order, into `out` (cleared first; reuse it to spare allocations).
// Throws std::invalid_argument where the sample does not fit its layout.
void decode(const Sample& sample, std::vector<Reading>& out);

}  // namespace congto::meter
