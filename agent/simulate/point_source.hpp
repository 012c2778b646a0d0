// point_words: the raw words of one point of a simulated meter, now: the model's value for the point's name,
// encoded as the profile says. Pure.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "agent/simulate/meter_model.hpp"
#include "drivers/meter/point.hpp"

namespace congto::simulate {

// A name without a meaning gives a constant: 0 for status, 1 for gauges, 100 for counters, as far as the type
// reaches; ascii points give `meter_name`.
std::vector<std::uint16_t> point_words(const meter::Point& point, const Quantity& quantity,
                                       const MeterModel& model, std::string_view meter_name);

}  // namespace congto::simulate
