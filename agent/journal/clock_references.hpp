// The table clock_reference: comparisons of boot time and wall time, kept to date a boot that ended without
// time. Used by the commit; journal's thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/journal/database.hpp"
#include "agent/journal/journal.hpp"

namespace congto::journal {

// Within the caller's transaction. The newest 1000 stay: a week at one every ten minutes.
void add_references(Database& database, const std::string& boot_id,
                    const std::vector<ClockReference>& references);
// The newest of that boot.
std::optional<ClockReference> newest_reference(Database& database, const std::string& boot_id);
// The latest wall time of any reference of another boot.
std::optional<WallTime> latest_reference_before(Database& database, const std::string& boot_id);

}  // namespace congto::journal
