// Settings: the whole of central.toml, checked. Read once at the start of every command.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/central/writer.hpp"
#include "agent/mqtt/broker_settings.hpp"

namespace congto::central {

struct Settings {
  std::filesystem::path file;
  std::string centre;  // in every down/ack: the same for all consumers of one database
  mqtt::BrokerSettings broker;
  DatabaseSettings database;
};

// A connection of which the broker keeps nothing when it ends: a shared subscription would go on handing
// batches to a consumer that is away, and the agents have everything. The name is random; a broker that goes
// by certificates replaces it.
mqtt::Settings passing_connection(const mqtt::BrokerSettings& broker);

struct SettingsReading {
  Settings settings;                          // complete only without errors
  std::vector<std::string> errors, warnings;  // "file:line:column: message"
};

SettingsReading read_settings(const std::filesystem::path& file);
// --config, else ./central.toml, else /etc/congto-central/central.toml; nothing when none of these exists.
std::optional<std::filesystem::path> find_config(const std::string& option);

}  // namespace congto::central
