// The simulated copy of a site.toml: the same text with other addresses and another state folder. Pure.
// Paths that are relative to the original become absolute, since the copy lies elsewhere.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/error.hpp"

namespace congto::simulate {

struct SiteCopy {
  std::filesystem::path file;                   // of the original
  std::vector<std::string> addresses;           // one a bus, in the order of the file
  std::vector<std::filesystem::path> profiles;  // files of profiles in use, wherever they were found
  std::filesystem::path state =
      {};  // where the copy keeps its journal, never that of the plant; empty: as it was
};

// Fails where `text` is not TOML or has another number of buses; both cannot be after the site was read.
Result<std::string> site_copy(std::string_view text, const SiteCopy& copy);

}  // namespace congto::simulate
