// Parts of a point with rules of their own: scales, the added fraction, the rollover, and the marks for "not
// available".
// Pure; used by point_maker.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/error.hpp"
#include "drivers/meter/point.hpp"
#include "drivers/meter/read_plan.hpp"

namespace congto::meter {

// Why value and added part cannot come in one request of this device; nothing when they can. Read apart, the
// total would jump back and forth when the fraction wraps.
std::optional<std::string> plus_objection(const Point& point, const ReadLimits& limits);

// Why a number can't be a scale; nothing when it can.
std::optional<std::string> scale_objection(const Decimal& scale);

// Why the point's register never comes to its rollover; nothing when it may, or when that isn't known.
std::optional<std::string> rollover_objection(const Point& point);

// A mark of decimal digits alone that may be meant as a decimal number; not 0000 and 8000, which are known
// marks.
bool reads_like_decimal(std::string_view mark);

// "7FFFFFFF", also with 0x before it: as many registers as the point's value has, most significant first.
Result<std::vector<std::uint16_t>> parse_mark(const Point& point, std::string_view text);

}  // namespace congto::meter
