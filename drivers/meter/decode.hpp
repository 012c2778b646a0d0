// From raw words to values: the only decoder, used by agent, `congto read`, export and the simulator's checks.
// Pure functions, thread-safe.
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

// `words`: exactly point.raw_words() words, in wire order: value, scale register, plus part.
// NaN and infinite floats, marks of point.not_available and scale exponents outside -18..18 are not_available.
Reading decode(const Point& point, std::span<const std::uint16_t> words);

// All points of a sample, in layout order, into `out` (cleared first; reuse it to spare allocations).
void decode(const Sample& sample, std::vector<Reading>& out);

// The opposite, for simulators and tests: words that decode to the value nearest to `value`.
// For points with scale_at the exponent register is given 0.
std::vector<std::uint16_t> encode(const Point& point, double value);

}  // namespace congto::meter
