// Reading central.toml for a command, with its errors on stderr.
#pragma once

#include <optional>
#include <string>

#include "agent/central/settings.hpp"

namespace congto::central {

std::optional<Settings> load_settings(const std::string& config);

}  // namespace congto::central
