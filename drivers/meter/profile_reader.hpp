// Reading one profile by itself, and a meter made of the whole of it: for `congto read --profile`, for check,
// simulators and tests. The readers of a site go through ProfileLibrary.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/meter/meter.hpp"
#include "drivers/meter/profile.hpp"
#include "drivers/toml/report.hpp"

namespace congto::meter {

using toml::ConfigError;

struct ProfileFile {
  std::optional<Profile> profile;  // nothing when there are errors
  std::vector<ConfigError> errors;
  std::vector<ConfigError> warnings;
};

ProfileFile read_profile(const std::filesystem::path& file);
// The same from memory; `file` is for messages, and its stem is the profile's name.
ProfileFile read_profile_text(std::string_view text, const std::string& file);

// A meter with all points of a profile. Points with unit = "setting" keep Unit::none: the number as it is
// read.
Meter whole_meter(const Profile& profile, std::string name, std::string bus, modbus::UnitId unit_id);

}  // namespace congto::meter
