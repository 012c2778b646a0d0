// See plant_time.hpp.
#include "agent/simulate/plant_time.hpp"

#include <chrono>

namespace congto::simulate {

LocalTime local_time(WallTime utc) {
  const auto local = utc + std::chrono::hours(7);
  const auto midnight = std::chrono::floor<std::chrono::days>(local);
  const std::chrono::weekday day(midnight);
  return {day.c_encoding(), std::chrono::duration<double, std::ratio<3600>>(local - midnight).count()};
}

Tariff tariff_at(const LocalTime& time) {
  if (time.hour >= 22 || time.hour < 4) return Tariff::off_peak;
  const bool peak = (time.hour >= 9.5 && time.hour < 11.5) || (time.hour >= 17 && time.hour < 20);
  return peak && time.weekday != 0 ? Tariff::peak : Tariff::normal;
}

}  // namespace congto::simulate
