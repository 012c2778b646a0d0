// See random.hpp.
#include "agent/simulate/random.hpp"

#include <algorithm>
#include <cmath>

namespace congto::simulate {

namespace {

std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char character : text) {
    hash ^= static_cast<unsigned char>(character);
    hash *= 0x100000001b3;
  }
  return hash;
}

}  // namespace

Random::Random(std::uint64_t seed, std::string_view name)
    : engine_(seed * 0x9e3779b97f4a7c15 ^ fnv1a(name)) {}

double Random::normal() {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += uniform();
  return sum;
}

double Drift::step(double seconds, Random& random) {
  const double share = std::min(1.0, seconds / memory_);
  value_ += -value_ * share + deviation_ * std::sqrt(2 * share) * random.normal();
  value_ = std::clamp(value_, -3 * deviation_, 3 * deviation_);
  return value_;
}

}  // namespace congto::simulate
