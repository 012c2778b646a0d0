// Current and voltage transformers of a meter: `ct` and `vt`, and the points that they multiply.
// Pure; used by the meter reader.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "drivers/core/error.hpp"
#include "drivers/meter/point.hpp"

namespace congto::meter {

// "200/5", "22000/110", "22/0.11": primary over secondary, as on the nameplate.
Result<Ratio> parse_ratio(std::string_view text);

// A current transformer multiplies A, Ah, powers and energies; a voltage transformer V, powers and energies.
bool multiplied_by_ct(Unit unit);
bool multiplied_by_vt(Unit unit);

// Sets the ratio of a point that is measured on the secondary side, and brings its rollover to primary
// values. Other points stay as they are.
void apply_transformers(Point& point, const std::optional<Ratio>& ct, const std::optional<Ratio>& vt);

}  // namespace congto::meter
