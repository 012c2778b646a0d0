// See energy_counters.hpp.
#include "agent/simulate/energy_counters.hpp"

#include <algorithm>

namespace congto::simulate {

double EnergyCounter::value(std::optional<unsigned> phase, std::optional<unsigned> tariff) const {
  double sum = 0;
  for (unsigned p = 0; p < 3; ++p) {
    for (unsigned t = 0; t < tariff_count; ++t) {
      if ((!phase || *phase == p) && (!tariff || *tariff == t)) sum += parts_[p][t];
    }
  }
  return sum;
}

EnergyCounter& EnergyCounter::operator+=(const EnergyCounter& other) {
  for (std::size_t p = 0; p < 3; ++p) {
    for (std::size_t t = 0; t < tariff_count; ++t) parts_[p][t] += other.parts_[p][t];
  }
  return *this;
}

void EnergyCounters::integrate(const ElectricState& state, Tariff tariff, double seconds) {
  const double kilo_hours = seconds / 3.6e6;  // W x this = kWh
  for (std::size_t i = 0; i < state.phases; ++i) {
    const PhaseState& phase = state.phase[i];
    active_import.add(i, tariff, std::max(0.0, phase.active) * kilo_hours);
    active_export.add(i, tariff, std::max(0.0, -phase.active) * kilo_hours);
    reactive_import.add(i, tariff, std::max(0.0, phase.reactive) * kilo_hours);
    reactive_export.add(i, tariff, std::max(0.0, -phase.reactive) * kilo_hours);
    apparent.add(i, tariff, phase.apparent() * kilo_hours);
  }
  apparent_total.add(0, tariff, state.apparent() * kilo_hours);
  charge += state.current_sum() * seconds / 3600;
  running_seconds += seconds;
}

void EnergyCounters::age(const ElectricState& typical, double hours) {
  // Off-peak is a quarter of the week, peak a fifth; ice plants use the former more than the latter.
  const double seconds = hours * 3600;
  integrate(typical, Tariff::normal, seconds * 0.50);
  integrate(typical, Tariff::peak, seconds * 0.12);
  integrate(typical, Tariff::off_peak, seconds * 0.38);
}

EnergyCounters& EnergyCounters::operator+=(const EnergyCounters& other) {
  active_import += other.active_import;
  active_export += other.active_export;
  reactive_import += other.reactive_import;
  reactive_export += other.reactive_export;
  apparent += other.apparent;
  apparent_total += other.apparent_total;
  charge += other.charge;
  running_seconds = std::max(running_seconds, other.running_seconds);
  return *this;
}

}  // namespace congto::simulate
