// Finding profiles.
#include "drivers/meter/profile_library.hpp"

#include <algorithm>
#include <system_error>
#include <utility>

#include "drivers/toml/nearest.hpp"

namespace congto::meter {

namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;  // what cannot be looked at is not there for us
  return fs::is_regular_file(path, ignored);
}

// Said in full: an Error could be made of a string too.
Result<std::string> found(const fs::path& file) { return {boost::system::in_place_value, file.string()}; }

// The names of all profiles in these folders, sorted.
std::vector<std::string> names_in(const ProfileFolders& folders) {
  std::vector<std::string> names;
  for (const fs::path& folder : folders) {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder.empty() ? "." : folder, ignored)) {
      const fs::path& file = entry.path();
      if (file.extension() == ".toml" && file.filename() != "site.toml")
        names.push_back(file.stem().string());
    }
  }
  std::ranges::sort(names);
  return names;
}

Error not_found(const std::string& name, const ProfileFolders& folders) {
  std::string message = "no profile \"" + name + "\"";
  const std::vector<std::string> names = names_in(folders);
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (const auto near = toml::nearest_word(name, known))
    message += "; did you mean \"" + std::string(*near) + "\"?";
  std::string searched;
  for (const fs::path& folder : folders) {
    searched += (searched.empty() ? "" : ", ") + (folder.empty() ? std::string(".") : folder.string());
  }
  return Error{message + " (looked in " + searched +
               "; a file of your own is given as a path ending in .toml)"};
}

}  // namespace

ProfileFolders profile_folders(const fs::path& site_file, const ProfileFolders& shipped) {
  const fs::path site_folder = site_file.parent_path();
  ProfileFolders folders{site_folder, site_folder / "meters", "/etc/congto/meters"};
  folders.insert(folders.end(), shipped.begin(), shipped.end());
  return folders;
}

Result<std::string> find_profile(const std::string& name, const fs::path& site_folder,
                                 const ProfileFolders& folders) {
  if (name.ends_with(".toml")) {
    const fs::path file = site_folder / name;
    if (is_file(file)) return found(file);
    std::error_code ignored;
    if (fs::is_directory(file, ignored)) return Error{file.string() + " is a directory, not a profile"};
    return Error{"no file " + file.string()};
  }
  if (name.find('/') != std::string::npos) {
    return Error{"expected the name of a profile, or a path that ends in .toml, found \"" + name + "\""};
  }
  for (const fs::path& folder : folders) {
    const fs::path file = folder / (name + ".toml");
    if (is_file(file)) return found(file);
  }
  return not_found(name, folders);
}

const ProfileSource* ProfileLibrary::find(const std::string& name, const toml::Place& place,
                                          toml::Report& report) {
  const auto file = find_profile(name, site_folder_, folders_);
  if (!file) {
    report.error(place, "profile: " + file.error().message);
    return nullptr;
  }
  const auto known = read_.find(*file);
  if (known != read_.end()) return known->second.get();
  std::unique_ptr<const ProfileSource> source;
  if (const auto document = toml::Document::load(*file, report)) {
    if (auto read = read_profile_source(*document, report))
      source = std::make_unique<const ProfileSource>(std::move(*read));
  }
  return read_.emplace(*file, std::move(source)).first->second.get();
}

}  // namespace congto::meter
