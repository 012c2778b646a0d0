// `congto simulate`: a site's meters over TCP and ptys.
#include <iostream>

#include "agent/app/commands.hpp"
#include "agent/simulate/run_simulation.hpp"

namespace congto::app {

namespace {

// Counters must run forwards, and every simulated second is computed.
constexpr double fastest = 100'000;

}  // namespace

int simulate(const SimulateOptions& options) {
  if (!(options.speed > 0 && options.speed <= fastest)) {
    std::cerr << "--speed: expected a number above 0, at most 100000\n";
    return wrong_use;
  }
  simulate::Options simulation;
  simulation.file = options.file;
  simulation.directory = options.directory;
  simulation.profile_folders = options.profile_folders;
  simulation.behaviour.strict = options.strict;
  simulation.behaviour.speed = options.speed;
  simulation.behaviour.turnaround = std::chrono::milliseconds(options.turnaround_ms);
  simulation.behaviour.adapter = std::chrono::milliseconds(options.adapter_ms);
  simulation.statistics = options.statistics;
  for (const auto& text : options.faults) {
    auto fault = simulate::parse_meter_fault(text);
    if (!fault) {
      std::cerr << "--fault " << text << ": " << fault.error().message << "\n";
      return wrong_use;
    }
    simulation.faults.push_back(std::move(*fault));
  }
  const auto simulated = simulate::read_simulated_site(simulation);
  if (!simulated) {
    std::cerr << simulated.error().message << "\n";
    return wrong_use;
  }
  if (!simulated->warning.empty()) std::cerr << "warning: " << simulated->warning << "\n";
  const auto served = simulate::run_simulation(simulation, *simulated, std::cout);
  if (!served) std::cerr << served.error().message << "\n";
  return served ? good : failed;
}

}  // namespace congto::app
