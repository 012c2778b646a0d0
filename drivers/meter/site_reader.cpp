// A site from its file.
#include "drivers/meter/site_reader.hpp"

#include <algorithm>
#include <utility>

#include "drivers/meter/site_rules.hpp"

namespace congto::meter {

Site read_site(toml::Table& root, const std::filesystem::path& site_folder, const ProfileFolders& folders) {
  std::vector<BusEntry> buses;
  for (toml::Table& table : root.tables("bus")) {
    if (auto bus = read_bus(std::move(table), site_folder)) buses.push_back(std::move(*bus));
  }
  ProfileLibrary profiles(site_folder, folders);
  std::vector<MeterEntry> meters;
  for (toml::Table& table : root.tables("meter")) {
    if (auto meter = read_meter(std::move(table), buses, profiles)) meters.push_back(std::move(*meter));
  }
  if (!root.has("meter")) {
    root.report().error(root.place(), "there is no [[meter]]: nothing to read");
  }
  check_buses(buses, root.report());
  check_meters(meters, buses, root.report());

  Site site;
  for (BusEntry& entry : buses) site.buses.push_back(std::move(entry.bus));
  for (MeterEntry& entry : meters) {
    const Profile& profile = entry.source->profile;
    if (std::ranges::find(site.profiles, profile.file, &Profile::file) == site.profiles.end()) {
      site.profiles.push_back(profile);
    }
    site.meters.push_back(std::move(entry.meter));
  }
  return site;
}

}  // namespace congto::meter
