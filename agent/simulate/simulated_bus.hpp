// SimulatedBus: what a serial and a TCP bus of the simulator have in common. One thread: the executor's.
#pragma once

#include <string>

#include "agent/simulate/bus_statistics.hpp"

namespace congto::simulate {

class SimulatedBus {
 public:
  virtual ~SimulatedBus() = default;

  // What a site file gives as the bus's address.
  virtual const std::string& address() const = 0;
  virtual const BusStatistics& statistics() const = 0;
  // Takes no further requests; the handlers under way find it stopped.
  virtual void stop() = 0;
};

}  // namespace congto::simulate
