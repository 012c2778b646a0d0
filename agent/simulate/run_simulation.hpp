// The whole of `congto simulate`: reads a site and serves its meters until SIGINT or SIGTERM.
// run_simulation takes over the thread, stdin (the line protocol below), and the three signals.
#pragma once

#include <iosfwd>
#include <string>

#include "agent/simulate/options.hpp"
#include "drivers/core/error.hpp"
#include "drivers/meter/site.hpp"

namespace congto::simulate {

struct SimulatedSite {
  std::string text;  // of the file
  meter::Site site;
  std::string warning;  // of a copy that would publish under the plant's name; empty: nothing to say
};

// Everything that is the user's to mend: the site, the folder of the copy, the faults. Nothing is touched.
// The text of an error may have several lines (everything wrong with the site).
Result<SimulatedSite> read_simulated_site(const Options& options);

// Prints `ready` on `out` when everything is served and DIR/site.toml is written. Returns when told to end by
// SIGINT or SIGTERM; SIGUSR1 prints the statistics as one line of JSON. Lines on stdin, each answered on
// `out` with "ok" or "error: …" (the end of stdin ends nothing):
//   fault METER silent|late:MS|noise|exception:N|crc      METER may be * for all
//   clear METER
//   statistics
// An error means that serving did not begin.
Result<void> run_simulation(const Options& options, const SimulatedSite& simulated, std::ostream& out);

}  // namespace congto::simulate
