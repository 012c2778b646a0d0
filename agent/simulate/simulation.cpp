// See simulation.hpp.
#include "agent/simulate/simulation.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "agent/simulate/plant.hpp"
#include "agent/simulate/point_source.hpp"
#include "agent/simulate/serial_bus.hpp"
#include "agent/simulate/tcp_bus.hpp"
#include "agent/simulate/unit_set.hpp"

namespace congto::simulate {

namespace {

using UnitKey = std::pair<std::string, modbus::UnitId>;  // bus and unit id

std::vector<const meter::Point*> all_points(const meter::Meter& meter) {
  std::vector<const meter::Point*> points;
  for (const meter::Point& point : meter.points) points.push_back(&point);
  for (const meter::Point& point : meter.info) points.push_back(&point);
  return points;
}

// Which model each meter of the site shows. Meters of one unit are parts of one device and show the same
// model, so that a meter that is read at two speeds agrees with itself; but where they name the same quantity
// (the circuits of a multi-circuit meter, the inputs of a pulse module) each has its own.
struct Casting {
  std::vector<PlantMeter> models;
  std::vector<std::size_t> model_of;  // index into models, one a meter of the site
};

Casting cast(const meter::Site& site) {
  struct Taken {
    std::size_t model;
    std::set<std::string> names;
  };
  std::map<UnitKey, Taken> units;
  Casting casting;
  for (const meter::Meter& meter : site.meters) {
    const std::vector<const meter::Point*> points = all_points(meter);
    const auto known = units.find({meter.bus, meter.unit_id});
    const bool shares = known != units.end() && std::ranges::none_of(points, [&](const meter::Point* point) {
                          return known->second.names.contains(point->name);
                        });
    const std::size_t model = shares ? known->second.model : casting.models.size();
    if (!shares) casting.models.push_back({meter.name, {}});
    auto& taken = known == units.end() ? units[{meter.bus, meter.unit_id}] : known->second;
    if (known == units.end()) taken.model = model;
    for (const meter::Point* point : points) {
      casting.models[model].quantities.push_back(quantity_of(point->name));
      if (taken.model == model) taken.names.insert(point->name);
    }
    casting.model_of.push_back(model);
  }
  return casting;
}

void add_meter(UnitSet::Unit& unit, const meter::Meter& meter, const MeterModel& model) {
  unit.limits = meter.limits.read;
  unit.meters.push_back(meter.name);
  for (const meter::Point* point : all_points(meter)) {
    unit.image.add(*point, [own = *point, quantity = quantity_of(point->name), &model, name = meter.name] {
      return point_words(own, quantity, model, name);
    });
  }
}

// Brings the plant up to now, `speed` times as fast as the steady clock.
std::function<void()> advancing(Plant& plant, double speed) {
  const auto start = std::chrono::steady_clock::now();
  return [&plant, speed, start] {
    const std::chrono::duration<double, std::micro> passed = std::chrono::steady_clock::now() - start;
    plant.advance_to(std::chrono::microseconds(static_cast<std::int64_t>(passed.count() * speed)));
  };
}

Result<std::shared_ptr<SimulatedBus>> open_bus(const boost::asio::any_io_executor& executor,
                                               const meter::Bus& bus, const std::filesystem::path& directory,
                                               const Behaviour& behaviour,
                                               const std::shared_ptr<UnitSet>& units) {
  if (bus.transport == meter::Transport::serial) {
    const LinePacing pacing(bus.line, behaviour.turnaround, behaviour.adapter);
    auto serial = SerialBus::open(executor, bus.name, directory / bus.name, pacing, units);
    if (!serial) return serial.error();
    return std::shared_ptr<SimulatedBus>(*serial);
  }
  const TcpFraming framing = bus.transport == meter::Transport::tcp ? TcpFraming::tcp : TcpFraming::rtu;
  auto tcp = TcpBus::open(executor, bus.name, framing, units);
  if (!tcp) return tcp.error();
  return std::shared_ptr<SimulatedBus>(*tcp);
}

}  // namespace

Simulation::Simulation() = default;

Simulation::~Simulation() {
  for (const auto& bus : buses_) bus->stop();
}

Result<std::unique_ptr<Simulation>> Simulation::create(boost::asio::any_io_executor executor,
                                                       const meter::Site& site,
                                                       const std::filesystem::path& directory,
                                                       const Behaviour& behaviour) {
  std::unique_ptr<Simulation> simulation(new Simulation);  // not make_unique: the constructor is private
  const Casting casting = cast(site);
  simulation->plant_ = std::make_unique<Plant>(casting.models, SystemClock().wall(), behaviour.seed);
  Plant& plant = *simulation->plant_;
  const std::function<void()> advance = advancing(plant, behaviour.speed);
  for (const meter::Bus& bus : site.buses) {
    auto units =
        std::make_shared<UnitSet>(bus.transport, behaviour.strict, advance, Random(behaviour.seed, bus.name));
    for (std::size_t i = 0; i < site.meters.size(); ++i) {
      const meter::Meter& meter = site.meters[i];
      if (meter.bus == bus.name)
        add_meter(units->unit(meter.unit_id), meter, plant.model(casting.model_of[i]));
    }
    auto opened = open_bus(executor, bus, directory, behaviour, units);
    if (!opened) return opened.error();
    simulation->addresses_.push_back((*opened)->address());
    simulation->units_.push_back(std::move(units));
    simulation->buses_.push_back(std::move(*opened));
  }
  return simulation;
}

bool Simulation::set_fault(const std::string& meter, const Fault& fault) {
  bool found = false;
  for (const auto& units : units_) found = units->set_fault(meter, fault) || found;
  return found;
}

std::vector<BusStatistics> Simulation::statistics() const {
  std::vector<BusStatistics> all;
  for (const auto& bus : buses_) all.push_back(bus->statistics());
  return all;
}

}  // namespace congto::simulate
