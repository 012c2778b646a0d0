// EnergyCounters: the counters of one electricity meter: exactly the integral of the powers that it reports,
// by phase and tariff, so that every total is the sum of its parts. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "agent/simulate/electric_state.hpp"
#include "agent/simulate/plant_time.hpp"

namespace congto::simulate {

// One counter, by phase and tariff.
class EnergyCounter {
 public:
  void add(std::size_t phase, Tariff tariff, double amount) {
    parts_[phase][static_cast<std::size_t>(tariff)] += amount;
  }
  // Of all phases where none is named, of all tariffs where none is named. A fourth tariff is never used: 0.
  double value(std::optional<unsigned> phase, std::optional<unsigned> tariff) const;
  EnergyCounter& operator+=(const EnergyCounter& other);

 private:
  std::array<std::array<double, tariff_count>, 3> parts_{};
};

struct EnergyCounters {
  EnergyCounter active_import, active_export;      // kWh
  EnergyCounter reactive_import, reactive_export;  // kvarh
  EnergyCounter apparent;                          // kVAh by phase, from each phase's own apparent power
  EnergyCounter apparent_total;                    // kVAh of the vector apparent power, kept as phase 0
  double charge = 0;                               // Ah, all phases
  double running_seconds = 0;

  void integrate(const ElectricState& state, Tariff tariff, double seconds);
  // What a feeder with this state has used in `hours` of its life, spread over the tariffs.
  void age(const ElectricState& typical, double hours);
  EnergyCounters& operator+=(const EnergyCounters& other);
};

}  // namespace congto::simulate
