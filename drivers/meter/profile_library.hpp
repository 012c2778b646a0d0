// ProfileLibrary: finds profiles by name in the folders that hold them, and reads each file once.
// Used while a site is read. Not thread-safe.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/meter/profile_source.hpp"

namespace congto::meter {

// Where profiles are looked for, in this order; folders that do not exist are passed over.
using ProfileFolders = std::vector<std::filesystem::path>;

// The site's folder, its meters/, /etc/congto/meters, then what is shipped.
ProfileFolders profile_folders(const std::filesystem::path& site_file, const ProfileFolders& shipped);

// The file of a profile: a name of `folders`, or a path ending in .toml that starts at `site_folder`. The
// error names the nearest profile there is.
Result<std::string> find_profile(const std::string& name, const std::filesystem::path& site_folder,
                                 const ProfileFolders& folders);

class ProfileLibrary {
 public:
  ProfileLibrary(std::filesystem::path site_folder, ProfileFolders folders)
      : site_folder_(std::move(site_folder)), folders_(std::move(folders)) {}

  // Nothing when there is no such profile, which is reported at `place`, or when it has errors, which are
  // reported once.
  const ProfileSource* find(const std::string& name, const toml::Place& place, toml::Report& report);

 private:
  std::filesystem::path site_folder_;
  ProfileFolders folders_;
  std::map<std::filesystem::path, std::unique_ptr<const ProfileSource>> read_;  // empty where it had errors
};

}  // namespace congto::meter
