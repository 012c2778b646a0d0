// LoadModel: a motor, a lamp or another load behind an electricity meter. IncomerModel: the main meter, which
// measures the sum of them. Stepped by the Plant, in this order.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "agent/simulate/duty.hpp"
#include "agent/simulate/electric_meter.hpp"
#include "agent/simulate/load_character.hpp"
#include "agent/simulate/meter_model.hpp"

namespace congto::simulate {

class LoadModel final : public MeterModel {
 public:
  LoadModel(const LoadCharacter& character, std::size_t phases, Random random);

  void step(const PlantInstant& instant) override;
  void integrate(double seconds, Tariff tariff) override { meter_.integrate(seconds, tariff); }
  std::optional<double> value(const Quantity& quantity) const override { return meter_.value(quantity); }
  const ElectricMeter& meter() const { return meter_; }

 private:
  ElectricState state_at(const Demand& demand, double frequency, const std::array<double, 3>& volts) const;

  LoadCharacter character_;
  ElectricMeter meter_;
  Duty duty_;
  std::array<double, 3> split_{1.0 / 3, 1.0 / 3, 1.0 / 3};  // share of each phase
  double thd_current_;
};

class IncomerModel final : public MeterModel {
 public:
  // `feeders` must outlive it, and be stepped before it. Its counters begin with the sum of theirs.
  explicit IncomerModel(std::vector<const ElectricMeter*> feeders);

  void step(const PlantInstant& instant) override;
  void integrate(double seconds, Tariff tariff) override { meter_.integrate(seconds, tariff); }
  std::optional<double> value(const Quantity& quantity) const override { return meter_.value(quantity); }

 private:
  ElectricState sum() const;

  std::vector<const ElectricMeter*> feeders_;
  ElectricMeter meter_;
};

}  // namespace congto::simulate
