// Local time and the tariff period of a Vietnamese plant; what loads and tariff registers follow.
// Pure. Vietnam keeps UTC+7 all year.
#pragma once

#include <cstddef>
#include <cstdint>

#include "drivers/core/clock.hpp"

namespace congto::simulate {

// In the order of the tariff registers that meters call T1, T2, T3.
enum class Tariff : std::uint8_t { normal, peak, off_peak };
inline constexpr std::size_t tariff_count = 3;

struct LocalTime {
  unsigned weekday = 0;  // 0 is Sunday
  double hour = 0;       // 0 <= hour < 24
};

LocalTime local_time(WallTime utc);

// EVN's periods for production: off-peak 22:00-04:00; peak 9:30-11:30 and 17:00-20:00, not on Sundays
// (Circular 16/2014/TT-BCT, article 5). Only simulated loads follow them; nothing is billed by this table.
Tariff tariff_at(const LocalTime& time);

}  // namespace congto::simulate
