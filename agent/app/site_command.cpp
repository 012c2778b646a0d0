// Reading the site for a command.
#include "agent/app/site_command.hpp"

#include <iostream>

namespace congto::app {

std::optional<Settings> load_settings(const SiteOptions& options, Warnings warnings) {
  const auto file = find_config(options.config);
  if (!file) {
    if (options.config.empty()) {
      std::cerr
          << "no site file: neither ./site.toml nor /etc/congto/site.toml exists; name one with --config\n";
    } else {
      std::cerr << options.config << ": no such file\n";
    }
    return std::nullopt;
  }
  auto reading = read_settings(*file, options.shipped);
  if (warnings == Warnings::told) {
    for (const auto& warning : reading.warnings) std::cerr << "warning: " << warning << "\n";
  }
  for (const auto& error : reading.errors) std::cerr << error << "\n";
  if (!reading.errors.empty()) return std::nullopt;
  if (!options.state.empty()) reading.settings.state = std::filesystem::absolute(options.state);
  return std::move(reading.settings);
}

std::filesystem::path socket_path(const Settings& settings) { return settings.state / "socket"; }
std::filesystem::path journal_path(const Settings& settings) { return settings.state / "journal.db"; }

}  // namespace congto::app
