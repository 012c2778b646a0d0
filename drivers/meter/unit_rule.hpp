// The rules on units and kinds of a point: a name has one unit everywhere, totals say whether they are
// counters. Pure; used by point_maker.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "drivers/core/decimal.hpp"
#include "drivers/core/error.hpp"
#include "drivers/meter/point.hpp"

namespace congto::meter {

// The unit that `written` stands for, if a point of this name may have it. The error names the scale that
// brings the register to the right unit; `scale` is the one the point has now.
Result<Unit> check_unit(const std::string& name, const std::string& written, const Decimal& scale);

// What to say of a gauge or counter that has no unit and no name with a rule; nothing where the name counts
// something, which is a plain number.
std::optional<std::string> plain_number_advice(std::string_view name);

// Energies, volumes and masses: what is totalled, and must say its kind.
bool is_total(Unit unit);

// "active_energy_net", "volume_net_l1", …: may fall, so it is no counter.
bool is_net(std::string_view name);

}  // namespace congto::meter
