// See electric_state.hpp.
#include "agent/simulate/electric_state.hpp"

#include <complex>
#include <numbers>

namespace congto::simulate {

double ElectricState::active() const {
  double sum = 0;
  for (std::size_t i = 0; i < phases; ++i) sum += phase[i].active;
  return sum;
}

double ElectricState::reactive() const {
  double sum = 0;
  for (std::size_t i = 0; i < phases; ++i) sum += phase[i].reactive;
  return sum;
}

double ElectricState::power_factor() const {
  const double all = apparent();
  return all > 0 ? active() / all : 1;
}

double ElectricState::current_sum() const {
  double sum = 0;
  for (std::size_t i = 0; i < phases; ++i) sum += phase[i].current();
  return sum;
}

double ElectricState::neutral_current() const {
  if (phases == 1) return phase[0].current();
  std::complex<double> sum;
  for (std::size_t i = 0; i < 3; ++i) {
    const double lag = std::atan2(phase[i].reactive, phase[i].active);
    const double angle = -2 * std::numbers::pi / 3 * static_cast<double>(i) - lag;
    sum += std::polar(phase[i].current(), angle);
  }
  return std::abs(sum);
}

double ElectricState::voltage_between(std::size_t first, std::size_t second) const {
  const double a = phase[first].voltage;
  const double b = phase[second].voltage;
  return std::sqrt(a * a + b * b + a * b);  // cosine rule at 120 degrees
}

double reactive_of(double active, double power_factor) {
  return active * std::sqrt(1 - power_factor * power_factor) / power_factor;
}

}  // namespace congto::simulate
