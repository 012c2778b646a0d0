// See flow_model.hpp.
#include "agent/simulate/flow_model.hpp"

#include <cmath>
#include <numbers>

namespace congto::simulate {

namespace {

// Air in southern Vietnam: coolest before sunrise, warmest in mid-afternoon.
double air_temperature(double hour) { return 29 - 4 * std::cos((hour - 4) * std::numbers::pi / 12); }

constexpr double viscosity = 0.85e-6;  // m2/s, water at 27 degC

constexpr double pulses_per_m3 = 100;  // 10 litres a pulse, usual up to DN50

}  // namespace

FlowModel::FlowModel(const FlowCharacter& character, Random random)
    : character_(character),
      duty_(character.on_seconds, character.off_seconds, character.load, 0, character.pattern, random) {
  volume_ = random.between(3'000, 40'000);
  seconds_ = volume_ / character.rated_m3_per_hour * 2 * 3600;
}

void FlowModel::step(const PlantInstant& instant) {
  flow_ = character_.rated_m3_per_hour * duty_.step(instant.seconds, instant.local.hour).share;
  temperature_ =
      27 + 0.2 * (air_temperature(instant.local.hour) - 29);  // ground water hardly follows the air
}

void FlowModel::integrate(double seconds, Tariff) {
  volume_ += flow_ * seconds / 3600;
  seconds_ += seconds;
}

double FlowModel::velocity() const {
  const double radius = character_.pipe_millimetres / 2000;
  return flow_ / 3600 / (std::numbers::pi * radius * radius);
}

std::optional<double> FlowModel::value(const Quantity& quantity) const {
  switch (quantity.what) {
    case What::flow_rate:
      return flow_;
    case What::mass_flow:
      return flow_ * 1000;  // kg/h
    case What::velocity:
      return velocity();
    case What::reynolds:
      return velocity() * character_.pipe_millimetres / 1000 / viscosity;
    case What::sound_speed:
      return 1'497 + 2.5 * (temperature_ - 25);  // in water, near 25 degC
    case What::pt100:
      return 100 * (1 + 0.00391 * temperature_);  // IEC 60751, first order
    case What::time_ratio:
      return 100;
    case What::heat:
      return 0;  // cold water: no difference between supply and return
    case What::flow_percent:
      return flow_ / (character_.rated_m3_per_hour * 1.5) * 100;
    case What::volume_forward:
    case What::volume_net:
      return volume_;
    case What::volume_reverse:
      return 0;
    case What::mass:
      return volume_ * 1000;
    case What::pulse_count:
      return std::floor(volume_ * pulses_per_m3);
    case What::operating_seconds:
      return std::floor(seconds_);
    case What::operating_hours:
      return seconds_ / 3600;
    case What::temperature:
      return temperature_;
    case What::signal_quality:
      return 82;
    default:
      return std::nullopt;
  }
}

void AmbientModel::step(const PlantInstant& instant) {
  temperature_ = air_temperature(instant.local.hour) + drift_.step(instant.seconds, random_);
}

std::optional<double> AmbientModel::value(const Quantity& quantity) const {
  switch (quantity.what) {
    case What::temperature:
      return temperature_;
    case What::pulse_count:
      return std::floor(seconds_ / 10);
    case What::operating_seconds:
      return std::floor(seconds_);
    case What::operating_hours:
      return seconds_ / 3600;
    case What::signal_quality:
      return 82;
    default:
      return std::nullopt;
  }
}

}  // namespace congto::simulate
