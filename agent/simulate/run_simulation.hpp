// run_simulation: the whole of `congto simulate`; serves a site's meters until SIGINT or SIGTERM.
// Takes over the thread, stdin (the line protocol below), and the three signals.
#pragma once

#include <iosfwd>

#include "agent/simulate/options.hpp"
#include "drivers/core/error.hpp"

namespace congto::simulate {

// Prints `ready` on `out` when everything is served and DIR/site.toml is written. Returns when told to end by
// SIGINT or SIGTERM; SIGUSR1 prints the statistics as one line of JSON. Lines on stdin, each answered on
// `out` with "ok" or "error: …" (the end of stdin ends nothing):
//   fault METER silent|late:MS|noise|exception:N|crc      METER may be * for all
//   clear METER
//   statistics
// An error means that serving did not begin; its text may have several lines (everything wrong with the
// site).
Result<void> run_simulation(const Options& options, std::ostream& out);

}  // namespace congto::simulate
