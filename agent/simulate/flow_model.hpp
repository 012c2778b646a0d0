// FlowModel: a water pipe behind a flow meter: the flow that it shows now, and its integral as the volume.
// AmbientModel: a unit that measures neither power nor flow. Stepped by the Plant.
#pragma once

#include <optional>

#include "agent/simulate/duty.hpp"
#include "agent/simulate/load_character.hpp"
#include "agent/simulate/meter_model.hpp"

namespace congto::simulate {

class FlowModel final : public MeterModel {
 public:
  FlowModel(const FlowCharacter& character, Random random);

  void step(const PlantInstant& instant) override;
  void integrate(double seconds, Tariff tariff) override;
  std::optional<double> value(const Quantity& quantity) const override;

 private:
  double velocity() const;  // m/s

  FlowCharacter character_;
  Duty duty_;
  double flow_ = 0;    // m3/h
  double volume_ = 0;  // m3
  double seconds_ = 0;
  double temperature_ = 28;
};

class AmbientModel final : public MeterModel {
 public:
  explicit AmbientModel(Random random) : random_(random) {}

  void step(const PlantInstant& instant) override;
  void integrate(double seconds, Tariff) override { seconds_ += seconds; }
  std::optional<double> value(const Quantity& quantity) const override;

 private:
  Random random_;
  Drift drift_{0.4, 600};
  double temperature_ = 29;
  double seconds_ = 0;
};

}  // namespace congto::simulate
