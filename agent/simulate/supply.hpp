// Supply: the mains of the plant: frequency and phase voltages, which sag under the plant's own load.
// One for all meters, so that they agree with each other. Pure but for its random numbers.
#pragma once

#include <array>
#include <cstddef>

#include "agent/simulate/random.hpp"

namespace congto::simulate {

class Supply {
 public:
  explicit Supply(Random random) : random_(random) {}

  void step(double seconds, double hour, double plant_watts);
  double frequency() const { return 50.0 + frequency_.value(); }
  double voltage(std::size_t phase) const { return voltage_[phase]; }  // to neutral

 private:
  Random random_;
  Drift frequency_{0.02, 30};
  std::array<Drift, 3> wander_{Drift(0.6, 60), Drift(0.6, 60), Drift(0.6, 60)};
  std::array<double, 3> voltage_{230, 230, 230};
};

}  // namespace congto::simulate
