// The [[bus]] and [[meter]] tables of a site, with the profiles they name, checked and made into a Site.
// Used by the application's settings, which read the other tables of the same file.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "drivers/meter/profile_library.hpp"
#include "drivers/meter/site.hpp"
#include "drivers/toml/table.hpp"

namespace congto::meter {

// The keys `bus` and `meter` of a site's root table; the caller reads the others and calls finish(). What is
// wrong goes to the table's report: where that failed, the Site is not whole and must not be used.
Site read_site(toml::Table& root, const std::filesystem::path& site_folder, const ProfileFolders& folders);

}  // namespace congto::meter
