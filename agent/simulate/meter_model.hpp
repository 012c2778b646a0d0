// MeterModel: the physics behind one simulated meter: what it measures now, and what it has counted.
// Stepped by the Plant; asked by the register images. One thread.
#pragma once

#include <optional>

#include "agent/simulate/plant_time.hpp"
#include "agent/simulate/quantity.hpp"
#include "agent/simulate/supply.hpp"

namespace congto::simulate {

// The beginning of one step of the plant.
struct PlantInstant {
  LocalTime local;
  double seconds = 1;  // until the next step
  const Supply& supply;
};

class MeterModel {
 public:
  virtual ~MeterModel() = default;

  // Chooses what holds until the next step. Nothing that a meter reports as "now" changes in between.
  virtual void step(const PlantInstant& instant) = 0;
  // Counts what holds for that long.
  virtual void integrate(double seconds, Tariff tariff) = 0;
  // In the unit of the quantity; nothing for what this meter does not measure.
  virtual std::optional<double> value(const Quantity& quantity) const = 0;
};

}  // namespace congto::simulate
