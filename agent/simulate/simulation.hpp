// Simulation: the meters of a site on simulated buses: a pty for each serial line, a loopback listener for
// each TCP bus. Used by `congto simulate`, by tests and by benchmarks. One thread: the executor's.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "agent/simulate/bus_statistics.hpp"
#include "agent/simulate/fault.hpp"
#include "agent/simulate/options.hpp"
#include "drivers/core/error.hpp"
#include "drivers/meter/site.hpp"

namespace congto::simulate {

class Plant;
class UnitSet;
class SimulatedBus;

class Simulation {
 public:
  // Serves every bus of `site` at once. Serial buses appear as DIRECTORY/BUS (a link to the pty).
  static Result<std::unique_ptr<Simulation>> create(boost::asio::any_io_executor executor,
                                                    const meter::Site& site,
                                                    const std::filesystem::path& directory,
                                                    const Behaviour& behaviour);
  ~Simulation();  // closes everything and removes the links
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  // In the order of site.buses: "DIRECTORY/BUS" or "127.0.0.1:PORT".
  const std::vector<std::string>& addresses() const { return addresses_; }
  // For one meter, or for all with "*"; FaultKind::none mends it. False when no meter has that name.
  bool set_fault(const std::string& meter, const Fault& fault);
  std::vector<BusStatistics> statistics() const;

 private:
  Simulation();

  std::unique_ptr<Plant> plant_;
  std::vector<std::string> addresses_;
  std::vector<std::shared_ptr<UnitSet>> units_;  // one a bus
  std::vector<std::shared_ptr<SimulatedBus>> buses_;
};

}  // namespace congto::simulate
