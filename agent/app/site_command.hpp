// What every command with a site begins with: find the file, read it, say what is wrong with it.
#pragma once

#include <filesystem>
#include <optional>

#include "agent/app/commands.hpp"
#include "agent/app/settings.hpp"

namespace congto::app {

// Warnings are for whoever looks at the configuration (run, check), not for every question to the agent.
enum class Warnings { told, kept };
// Prints errors, and warnings if told, to stderr; nothing when there was an error (exit status wrong_use).
std::optional<Settings> load_settings(const SiteOptions& options, Warnings warnings);
// STATE/socket and STATE/journal.db.
std::filesystem::path socket_path(const Settings& settings);
std::filesystem::path journal_path(const Settings& settings);

}  // namespace congto::app
