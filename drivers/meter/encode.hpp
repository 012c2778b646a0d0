// From values to raw words, the opposite of decode(): for simulated meters and tests.
// Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "drivers/meter/point.hpp"

namespace congto::meter {

// Words, in the order of Point::raw_words(), that decode to the value nearest to `value` that the point can
// express; beyond its range the end of the range. A scale register is given 0. NaN becomes the point's first
// not-available mark, without one a NaN in floats and 0 in integers.
std::vector<std::uint16_t> encode(const Point& point, double value);

// The same for points of type ascii: cut or filled up with NUL to the point's length.
std::vector<std::uint16_t> encode_text(const Point& point, std::string_view text);

}  // namespace congto::meter
