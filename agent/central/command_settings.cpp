// Says which file was looked for, and what is wrong with the one that was found.
#include "agent/central/command_settings.hpp"

#include <iostream>
#include <utility>

namespace congto::central {

std::optional<Settings> load_settings(const std::string& config) {
  const auto file = find_config(config);
  if (!file) {
    std::cerr << "no configuration: neither ./central.toml nor /etc/congto-central/central.toml exists; name "
                 "one with "
                 "--config\n";
    return std::nullopt;
  }
  auto reading = read_settings(*file);
  for (const auto& warning : reading.warnings) std::cerr << "warning: " << warning << "\n";
  for (const auto& error : reading.errors) std::cerr << error << "\n";
  if (!reading.errors.empty()) return std::nullopt;
  return std::move(reading.settings);
}

}  // namespace congto::central
