// Two parts of a point with rules of their own: the added fraction, and the marks for "not available".
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

// "7FFFFFFF", also with 0x before it: as many registers as the point's value has, most significant first.
Result<std::vector<std::uint16_t>> parse_mark(const Point& point, std::string_view text);

}  // namespace congto::meter
