// `congto simulate`: a site's meters over TCP and ptys.
#include <iostream>

#include "agent/app/commands.hpp"
#include "agent/simulate/run_simulation.hpp"

namespace congto::app {

int simulate(const SimulateOptions& options) {
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
  const auto served = simulate::run_simulation(simulation, std::cout);
  if (!served) {
    std::cerr << served.error().message << "\n";
    return wrong_use;
  }
  return good;
}

}  // namespace congto::app
