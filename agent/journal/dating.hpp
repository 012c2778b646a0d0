// Dating of boots that ended without knowing the time, from what is known on either side. Pure functions;
// used by the commit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/journal/journal.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/meter/record.hpp"

namespace congto::journal {

// A boot of the machine whose records have no time.
struct LostBoot {
  std::string boot_id;
  BootTime last;   // the newest stamp of its records: it lasted at least so long
  WallTime shown;  // what its wall clock showed at boot time 0, right or wrong
};

// `boots` follow each other, oldest first, right before the boot that began at `next_start`. `known_before`
// is the latest wall time known from a boot before them. One dating a boot, in the same order.
std::vector<meter::Dating> estimate(const std::vector<LostBoot>& boots, std::optional<WallTime> known_before,
                                    WallTime next_start);

}  // namespace congto::journal
