// What every command with a site begins with: find the file, read it, say what is wrong with it.
#pragma once

#include <filesystem>
#include <optional>

#include "agent/app/commands.hpp"
#include "agent/app/settings.hpp"

namespace congto::app {

// Prints warnings and errors to stderr; nothing when there was an error (exit status wrong_use).
std::optional<Settings> load_settings(const SiteOptions& options);
// STATE/socket and STATE/journal.db.
std::filesystem::path socket_path(const Settings& settings);
std::filesystem::path journal_path(const Settings& settings);

}  // namespace congto::app
