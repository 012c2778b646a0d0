// See plant.hpp.
#include "agent/simulate/plant.hpp"

#include <algorithm>
#include <utility>

#include "agent/simulate/flow_model.hpp"
#include "agent/simulate/load_model.hpp"

namespace congto::simulate {

namespace {

// Meters refresh what they show every 0.2-1 s (UMG 96RM manual: 200 ms; most others 1 s).
constexpr std::chrono::microseconds step_time{1'000'000};

bool has(const PlantMeter& meter, bool (Quantity::*what)() const) {
  return std::ranges::any_of(meter.quantities,
                             [what](const Quantity& quantity) { return (quantity.*what)(); });
}

// A second phase, a voltage between phases, or no phase at all (a meter that shows only totals).
bool three_phase(const PlantMeter& meter) {
  bool names_phases = false;
  for (const Quantity& quantity : meter.quantities) {
    if (quantity.phase.value_or(0) > 0 || quantity.between == Between::phases) return true;
    names_phases = names_phases || quantity.phase.has_value();
  }
  return !names_phases;
}

}  // namespace

Plant::Plant(std::span<const PlantMeter> meters, WallTime start, std::uint64_t seed)
    : start_(start), supply_(Random(seed, "supply")), models_(meters.size()) {
  std::vector<std::size_t> incomers;
  for (std::size_t i = 0; i < meters.size(); ++i) {
    const PlantMeter& meter = meters[i];
    const Random random(seed, meter.name);
    if (has(meter, &Quantity::electric)) {
      const bool three = three_phase(meter);
      const LoadCharacter character = load_character(meter.name, three);
      if (character.whole_plant && three) {
        incomers.push_back(i);
        continue;
      }
      auto load = std::make_unique<LoadModel>(character, three ? 3 : 1, random);
      loads_.push_back(load.get());
      models_[i] = std::move(load);
    } else if (has(meter, &Quantity::flow)) {
      models_[i] = std::make_unique<FlowModel>(flow_character(meter.name), random);
    } else {
      models_[i] = std::make_unique<AmbientModel>(random);
    }
    order_.push_back(models_[i].get());
  }
  std::vector<const ElectricMeter*> feeders;
  for (const LoadModel* load : loads_) feeders.push_back(&load->meter());
  for (const std::size_t i : incomers) {
    if (feeders.empty()) {  // nothing to sum: a load of that size
      models_[i] =
          std::make_unique<LoadModel>(load_character(meters[i].name, true), 3, Random(seed, meters[i].name));
    } else {
      models_[i] = std::make_unique<IncomerModel>(feeders);
    }
    order_.push_back(models_[i].get());
  }
  step();
}

Plant::~Plant() = default;

void Plant::step() {
  const LocalTime local = local_time(at(next_step_));
  tariff_ = tariff_at(local);
  double plant_watts = 0;
  for (const LoadModel* load : loads_) plant_watts += load->meter().state().active();
  const double seconds = std::chrono::duration<double>(step_time).count();
  supply_.step(seconds, local.hour, plant_watts);
  const PlantInstant instant{local, seconds, supply_};
  for (MeterModel* model : order_) model->step(instant);
  next_step_ += step_time;
}

void Plant::advance_to(std::chrono::microseconds since_start) {
  while (now_ < since_start) {
    const std::chrono::microseconds until = std::min(since_start, next_step_);
    const double seconds = std::chrono::duration<double>(until - now_).count();
    for (MeterModel* model : order_) model->integrate(seconds, tariff_);
    now_ = until;
    if (now_ == next_step_) step();
  }
}

}  // namespace congto::simulate
