// ElectricMeter: state, counters and demand values of one simulated electricity meter, and the value of every
// quantity it can be asked for. LoadModel and IncomerModel set the state. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "agent/simulate/electric_state.hpp"
#include "agent/simulate/energy_counters.hpp"
#include "agent/simulate/quantity.hpp"

namespace congto::simulate {

class ElectricMeter {
 public:
  explicit ElectricMeter(std::size_t phases) { state_.phases = phases; }

  const ElectricState& state() const { return state_; }
  const EnergyCounters& counters() const { return counters_; }
  void set(const ElectricState& state) { state_ = state; }
  // A life before the simulation; the counters that can be cleared were cleared at its end.
  void begin_with(const EnergyCounters& counters, const ElectricState& typical);
  void integrate(double seconds, Tariff tariff);
  std::optional<double> value(const Quantity& quantity) const;

 private:
  struct DemandValue {
    double mean = 0;
    double maximum = 0;
    void take(double now, double seconds);
  };
  // Demand of the three powers, then of the phase currents, then of the neutral.
  std::array<double, 7> demanded() const;
  std::optional<double> present(const Quantity& quantity) const;
  std::optional<double> demand(const Quantity& quantity) const;
  static std::optional<double> counted(const EnergyCounters& counters, const Quantity& quantity);

  ElectricState state_;
  EnergyCounters counters_;
  EnergyCounters cleared_at_;
  std::array<DemandValue, 7> demand_;
};

}  // namespace congto::simulate
