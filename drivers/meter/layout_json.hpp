// The canonical JSON of a layout: one text for each layout, and the strict way back. Used by Layout only.
// Pure functions, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/error.hpp"
#include "drivers/meter/layout.hpp"

namespace congto::meter {

// Keys in a fixed order, no spaces, members with their default value left out.
std::string layout_json(const std::vector<LayoutMeter>& meters);

// Takes any JSON with the right members; whether it is canonical is for Layout::parse to compare.
Result<std::vector<LayoutMeter>> parse_layout_json(std::string_view text);

}  // namespace congto::meter
