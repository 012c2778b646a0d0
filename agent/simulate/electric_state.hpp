// ElectricState: voltages and powers of one feeder at an instant; everything else a meter shows follows from
// them by the laws of the circuit, so that its values agree. Plain values, pure functions.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace congto::simulate {

struct PhaseState {
  double voltage = 0;   // V to neutral
  double active = 0;    // W, consumption positive
  double reactive = 0;  // var, inductive positive

  double apparent() const { return std::hypot(active, reactive); }
  double current() const { return voltage > 0 ? apparent() / voltage : 0; }
};

struct ElectricState {
  std::size_t phases = 3;  // 1 or 3
  std::array<PhaseState, 3> phase;
  double frequency = 50;
  double thd_current = 5;  // %
  double thd_voltage = 2;  // %

  double active() const;
  double reactive() const;
  // From the sums of active and reactive power, as IEC 61557-12 calls the vector apparent power.
  double apparent() const { return std::hypot(active(), reactive()); }
  double power_factor() const;  // 1 without load
  double current_sum() const;
  // The sum of the phase currents as phasors 120 degrees apart; of a single phase, its own current.
  double neutral_current() const;
  double voltage_between(std::size_t first, std::size_t second) const;
};

// P of a load with this apparent power and power factor, and the reactive power that goes with it.
double reactive_of(double active, double power_factor);

}  // namespace congto::simulate
