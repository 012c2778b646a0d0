// Which quantity the name of a point says, and the one unit that each quantity is kept in everywhere.
// Pure; used by point_maker, unit_rule and the messages about units.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drivers/meter/unit.hpp"

namespace congto::meter {

// The unit that a point of this name must have ("active_energy_*" kWh, "active_power*" W, "volume_*" m3, …);
// nothing for names without a rule.
std::optional<Unit> unit_of_name(std::string_view point_name);
// "total_active_power" -> "active_power_total": the order in which names of ours have the quantity that this
// one holds further on; nothing where it holds none.
std::optional<std::string> usual_name(std::string_view point_name);

}  // namespace congto::meter
