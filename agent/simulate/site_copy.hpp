// The simulated copy of a site.toml: the same text with other addresses and another state folder. Pure.
// Paths that are relative to the original become absolute, since the copy lies elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/error.hpp"
#include "drivers/toml/value.hpp"

namespace congto::simulate {

struct SiteCopy {
  std::filesystem::path file;                   // of the original
  std::vector<std::string> addresses;           // one a bus, in the order of the file
  std::vector<std::filesystem::path> profiles;  // files of profiles in use, wherever they were found
  std::filesystem::path state{};  // of the copy's own journal, never that of the plant; empty: as it was
};

// Fails where `text` is not TOML or has another number of buses; both cannot be after the site was read.
Result<std::string> site_copy(std::string_view text, const SiteCopy& copy);

// What to say when the copy would publish under the plant's own name at a broker that is not on this machine.
// `root`: of the site. Empty where nothing is to be said.
std::string identity_warning(const toml::Value& root, const std::filesystem::path& copy);

}  // namespace congto::simulate
