// What a simulation is told: by `congto simulate`, by the demo, and by tests that bring their own site.
// Plain values, checked by who makes them.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "agent/simulate/fault.hpp"

namespace congto::simulate {

// How the simulated meters behave on their buses.
struct Behaviour {
  // From the last byte of a request to the first byte of the reply, the unit's own detection of the silence
  // included. Serial buses only: Ethernet meters answer at once.
  std::chrono::microseconds turnaround{5'000};
  // How often a serial adapter hands over what it received; FTDI's latency timer set to 1 ms.
  std::chrono::microseconds adapter{1'000};
  // Like the pickiest meters: no split value, no gap and no number of registers that the profile does not
  // allow.
  bool strict = false;
  // Simulated seconds a real one. Loads, counters and tariffs run that fast; the lines keep their true speed.
  double speed = 1.0;
  std::uint64_t seed = 1;
};

// The faults of the command line: meter name (or "*" for every meter) and fault, later ones win.
using MeterFaults = std::vector<std::pair<std::string, Fault>>;

struct Options {
  std::filesystem::path file;       // the site
  std::filesystem::path directory;  // where the ptys and the site with the real addresses go; made if missing
  std::vector<std::filesystem::path> profile_folders;  // searched after the site's own folder
  MeterFaults faults;
  Behaviour behaviour;
  bool statistics = false;  // print them when the simulation ends
};

}  // namespace congto::simulate
