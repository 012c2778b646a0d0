// [uplink] of a site: the broker, who we are to it, and what settles a record.
// Used by read_settings only.
#pragma once

#include <filesystem>

#include "agent/app/settings.hpp"
#include "drivers/toml/table.hpp"

namespace congto::app {

// Relative paths start at `folder`. What is wrong goes to the table's report, files that others can read too.
// The caller reads `wait-for-time` and calls finish().
UplinkSettings read_uplink(toml::Table& table, const std::filesystem::path& folder);

}  // namespace congto::app
