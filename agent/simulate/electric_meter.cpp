// See electric_meter.hpp.
#include "agent/simulate/electric_meter.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace congto::simulate {

namespace {

// Demand windows are a quarter of an hour, as bills are.
constexpr double demand_seconds = 900;

double degrees_of(double power_factor) {
  return std::acos(std::clamp(power_factor, -1.0, 1.0)) * 180 / std::numbers::pi;
}

double power_factor_of(const PhaseState& phase) {
  const double apparent = phase.apparent();
  return apparent > 0 ? phase.active / apparent : 1;
}

}  // namespace

void ElectricMeter::DemandValue::take(double now, double seconds) {
  mean += (now - mean) * std::min(1.0, seconds / demand_seconds);
  maximum = std::max(maximum, mean);
}

std::array<double, 7> ElectricMeter::demanded() const {
  return {state_.active(),           state_.reactive(),         state_.apparent(),
          state_.phase[0].current(), state_.phase[1].current(), state_.phase[2].current(),
          state_.neutral_current()};
}

void ElectricMeter::begin_with(const EnergyCounters& counters, const ElectricState& typical) {
  counters_ = counters;
  cleared_at_ = counters;
  state_ = typical;
  const auto now = demanded();
  for (std::size_t i = 0; i < now.size(); ++i) demand_[i] = {now[i], now[i] * 1.25};
}

void ElectricMeter::integrate(double seconds, Tariff tariff) {
  counters_.integrate(state_, tariff, seconds);
  const auto now = demanded();
  for (std::size_t i = 0; i < now.size(); ++i) demand_[i].take(now[i], seconds);
}

std::optional<double> ElectricMeter::value(const Quantity& quantity) const {
  if (quantity.phase && *quantity.phase >= state_.phases)
    return 0;  // "a parameter that the wiring lacks reads zero"
  if (const auto now = present(quantity)) return now;
  if (const auto mean = demand(quantity)) return mean;
  auto count = counted(counters_, quantity);
  if (count && quantity.since_reset) *count -= *counted(cleared_at_, quantity);
  return count;
}

std::optional<double> ElectricMeter::present(const Quantity& quantity) const {
  const PhaseState* phase = quantity.phase ? &state_.phase[*quantity.phase] : nullptr;
  const auto phases = static_cast<double>(state_.phases);
  const double parts = quantity.over == Over::average ? phases : 1;
  switch (quantity.what) {
    case What::voltage: {
      if (state_.phases == 1) return state_.phase[0].voltage;
      const bool between = quantity.between == Between::phases;
      if (phase != nullptr) {
        return between ? state_.voltage_between(*quantity.phase, (*quantity.phase + 1) % 3) : phase->voltage;
      }
      double sum = 0;  // no phase named: the average
      for (std::size_t i = 0; i < 3; ++i) {
        sum += between ? state_.voltage_between(i, (i + 1) % 3) : state_.phase[i].voltage;
      }
      return sum / 3;
    }
    case What::current:
      if (quantity.neutral_conductor) return state_.neutral_current();
      return phase != nullptr ? phase->current() : state_.current_sum() / parts;
    case What::active_power:
      return phase != nullptr ? phase->active : state_.active() / parts;
    case What::reactive_power:
      return phase != nullptr ? phase->reactive : state_.reactive() / parts;
    case What::apparent_power:
      return phase != nullptr ? phase->apparent() : state_.apparent() / parts;
    case What::power_factor:
      return phase != nullptr ? power_factor_of(*phase) : state_.power_factor();
    case What::phase_angle:
      return degrees_of(phase != nullptr ? power_factor_of(*phase) : state_.power_factor());
    case What::frequency:
      return state_.frequency;
    case What::thd_voltage:
      return state_.thd_voltage;
    case What::thd_current:
      return state_.thd_current;
    default:
      return std::nullopt;
  }
}

std::optional<double> ElectricMeter::demand(const Quantity& quantity) const {
  const auto given = [&](std::size_t index) {
    return quantity.over == Over::maximum ? demand_[index].maximum : demand_[index].mean;
  };
  switch (quantity.what) {
    case What::demand_active_power:
      return given(0);
    case What::demand_reactive_power:
      return given(1);
    case What::demand_apparent_power:
      return given(2);
    case What::demand_current:
      return given(quantity.neutral_conductor ? 6 : 3 + quantity.phase.value_or(0));
    default:
      return std::nullopt;
  }
}

std::optional<double> ElectricMeter::counted(const EnergyCounters& counters, const Quantity& quantity) {
  const auto of = [&](const EnergyCounter& counter) {
    return counter.value(quantity.phase, quantity.tariff);
  };
  switch (quantity.what) {
    case What::active_energy_import:
      return of(counters.active_import);
    case What::active_energy_export:
      return of(counters.active_export);
    case What::active_energy_total:
      return of(counters.active_import) + of(counters.active_export);
    case What::active_energy_net:
      return of(counters.active_import) - of(counters.active_export);
    case What::reactive_energy_import:
      return of(counters.reactive_import);
    case What::reactive_energy_export:
      return of(counters.reactive_export);
    case What::reactive_energy_total:
      return of(counters.reactive_import) + of(counters.reactive_export);
    case What::reactive_energy_net:
      return of(counters.reactive_import) - of(counters.reactive_export);
    case What::apparent_energy:
      return quantity.phase ? of(counters.apparent) : of(counters.apparent_total);
    case What::none_exported:
      return 0;
    case What::charge:
      return counters.charge;
    case What::pulse_count:
      return std::floor(of(counters.active_import) * 1000);  // 1000 imp/kWh
    case What::operating_seconds:
      return std::floor(counters.running_seconds);
    case What::operating_hours:
      return counters.running_seconds / 3600;
    case What::temperature:
      return 38;  // inside the cabinet
    default:
      return std::nullopt;
  }
}

}  // namespace congto::simulate
