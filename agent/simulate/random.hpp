// Random and Drift: the deterministic chance in simulated loads; the same seed gives the same plant on every
// machine, which std::uniform_real_distribution does not promise. Not thread-safe.
#pragma once

#include <cstdint>
#include <random>
#include <string_view>

namespace congto::simulate {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  // A stream of its own for each name (FNV-1a over the name).
  Random(std::uint64_t seed, std::string_view name);

  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }  // [0, 1)
  double between(double low, double high) { return low + (high - low) * uniform(); }
  // Mean 0, standard deviation 1, never beyond 6 (the sum of twelve uniform numbers).
  double normal();
  std::uint8_t byte() { return static_cast<std::uint8_t>(engine_() >> 56); }

 private:
  std::mt19937_64 engine_;
};

// A quantity that wanders around 0 and comes back: noise with a memory of `memory_seconds`.
class Drift {
 public:
  Drift(double deviation, double memory_seconds) : deviation_(deviation), memory_(memory_seconds) {}
  double step(double seconds, Random& random);
  double value() const { return value_; }  // within 3 deviations

 private:
  double deviation_;
  double memory_;
  double value_ = 0;
};

}  // namespace congto::simulate
