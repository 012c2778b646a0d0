// Plant: the models of all simulated meters, stepped together once a simulated second, so that supply, loads
// and main meter agree at every instant. Time is handed in. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/simulate/meter_model.hpp"
#include "drivers/core/clock.hpp"

namespace congto::simulate {

// What the plant must know of a meter to choose its model.
struct PlantMeter {
  std::string name;
  std::vector<Quantity> quantities;  // of its points, What::unknown where the name says nothing
};

class Plant {
 public:
  // `start`: the wall time of the simulated plant when nothing has passed yet.
  Plant(std::span<const PlantMeter> meters, WallTime start, std::uint64_t seed);
  ~Plant();

  // Simulated time since the start; never goes back. All values hold for that instant.
  void advance_to(std::chrono::microseconds since_start);

  // In the order of the meters handed in.
  const MeterModel& model(std::size_t meter) const { return *models_[meter]; }

 private:
  void step();
  WallTime at(std::chrono::microseconds since_start) const { return start_ + since_start; }

  WallTime start_;
  std::chrono::microseconds now_{0};
  std::chrono::microseconds next_step_{0};
  Supply supply_;
  Tariff tariff_ = Tariff::normal;
  std::vector<std::unique_ptr<MeterModel>> models_;
  std::vector<MeterModel*> order_;  // loads first, then the main meters
  std::vector<const class LoadModel*> loads_;
};

}  // namespace congto::simulate
