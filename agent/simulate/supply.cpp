// See supply.hpp.
#include "agent/simulate/supply.hpp"

#include <algorithm>

namespace congto::simulate {

namespace {

// A 400 kVA transformer with 4 % short-circuit impedance, tapped a little high as usual.
constexpr double no_load_volts = 234.0;
constexpr double sag_per_watt = 0.04 / 400'000;
constexpr std::array<double, 3> unbalance{0.6, -0.9, 0.3};  // V, fixed by the street's other customers

}  // namespace

void Supply::step(double seconds, double hour, double plant_watts) {
  frequency_.step(seconds, random_);
  // The evening's load pulls the whole district down by 1.5 %.
  const double evening = hour >= 17 && hour < 21 ? 0.985 : 1.0;
  const double sagged = no_load_volts * evening * (1 - sag_per_watt * std::clamp(plant_watts, 0.0, 2e6));
  for (std::size_t phase = 0; phase < 3; ++phase) {
    voltage_[phase] = sagged + unbalance[phase] + wander_[phase].step(seconds, random_);
  }
}

}  // namespace congto::simulate
