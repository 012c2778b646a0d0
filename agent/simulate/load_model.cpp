// See load_model.hpp.
#include "agent/simulate/load_model.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace congto::simulate {

namespace {

// Direct-on-line start of a squirrel-cage motor: about five times the current at a power factor near 0.3.
constexpr double start_watts_share = 1.6;
constexpr double start_power_factor = 0.35;
// What stays on in a pause: contactor coils, controller, crankcase heater.
constexpr double standby_share = 0.002;
constexpr double standby_power_factor = 0.6;

// The power factor of a motor falls with its load, because its magnetising current stays.
double power_factor_at(double full_load, double share) {
  const double loaded = std::clamp(share, 0.1, 1.0);
  return full_load * (0.6 + 0.4 * std::sqrt(loaded));
}

}  // namespace

LoadModel::LoadModel(const LoadCharacter& character, std::size_t phases, Random random)
    : character_(character),
      meter_(phases),
      duty_(character.on_seconds, character.off_seconds, character.load, character.start_seconds,
            character.pattern, random) {
  character_.rated_watts *= random.between(0.9, 1.1);
  thd_current_ = character.start_seconds > 0 ? random.between(3, 6) : random.between(12, 20);
  if (phases == 1) {
    split_ = {1, 0, 0};
  } else {
    split_[0] += random.between(-0.008, 0.008);
    split_[1] += random.between(-0.008, 0.008);
    split_[2] = 1 - split_[0] - split_[1];
  }
  // A life that brought the counter to some ten thousand kWh, as on a meter that has hung there for a while.
  const Demand typical{(character.load.low + character.load.high) / 2, false};
  const ElectricState state = state_at(typical, 50, {230, 230, 230});
  const double kilowatt_hours = random.between(12'000, 85'000) * (phases == 1 ? 0.2 : 1.0);
  EnergyCounters counters;
  counters.age(state, kilowatt_hours * 1000 / state.active());
  meter_.begin_with(counters, state);
}

ElectricState LoadModel::state_at(const Demand& demand, double frequency,
                                  const std::array<double, 3>& volts) const {
  double watts = character_.rated_watts * demand.share;
  double power_factor = power_factor_at(character_.power_factor, demand.share);
  if (demand.starting) {
    watts = character_.rated_watts * start_watts_share;
    power_factor = start_power_factor;
  } else if (demand.share <= 0) {
    watts = character_.rated_watts * standby_share;
    power_factor = standby_power_factor;
  }
  ElectricState state;
  state.phases = meter_.state().phases;
  state.frequency = frequency;
  state.thd_current = thd_current_;
  state.thd_voltage = 1.8 + watts / 100'000;
  // The feeder's own cable drops up to 1 % at full load, more at a start.
  const double drop = 0.01 * std::min(4.0, watts / character_.rated_watts / power_factor * 0.88);
  for (std::size_t i = 0; i < state.phases; ++i) {
    const double active = watts * split_[i];
    state.phase[i] = {volts[i] * (1 - drop), active, reactive_of(active, power_factor)};
  }
  return state;
}

void LoadModel::step(const PlantInstant& instant) {
  const Supply& supply = instant.supply;
  const Demand demand = duty_.step(instant.seconds, instant.local.hour);
  meter_.set(state_at(demand, supply.frequency(), {supply.voltage(0), supply.voltage(1), supply.voltage(2)}));
}

IncomerModel::IncomerModel(std::vector<const ElectricMeter*> feeders)
    : feeders_(std::move(feeders)), meter_(3) {
  EnergyCounters counters;
  for (const ElectricMeter* feeder : feeders_) counters += feeder->counters();
  meter_.begin_with(counters, sum());
}

ElectricState IncomerModel::sum() const {
  ElectricState state;
  for (const ElectricMeter* feeder : feeders_) {
    for (std::size_t i = 0; i < feeder->state().phases; ++i) {
      state.phase[i].active += feeder->state().phase[i].active;
      state.phase[i].reactive += feeder->state().phase[i].reactive;
    }
  }
  for (PhaseState& phase : state.phase) phase.voltage = 230;
  return state;
}

void IncomerModel::step(const PlantInstant& instant) {
  ElectricState state = sum();
  for (std::size_t i = 0; i < 3; ++i) state.phase[i].voltage = instant.supply.voltage(i);
  state.frequency = instant.supply.frequency();
  state.thd_voltage = 1.8 + state.active() / 100'000;
  state.thd_current = 6;
  meter_.set(state);
}

}  // namespace congto::simulate
