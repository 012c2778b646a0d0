// Settings: the whole of one site.toml, checked: who the agent is, where it keeps things, where it publishes,
// and the site's buses and meters. Read once at the start of every command.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "agent/mqtt/broker_settings.hpp"
#include "drivers/meter/site.hpp"

namespace congto::app {

enum class AckMode { central, broker };

struct UplinkSettings : mqtt::BrokerSettings {
  AckMode ack = AckMode::central;
  std::string centre;  // the only centre whose acknowledgements count; empty: the first one heard
};

struct JournalSettings {
  std::chrono::milliseconds commit_period{10'000};
  std::chrono::hours max_age{30 * 24};
  std::uint64_t max_bytes = 2'000'000'000;
};

struct Settings {
  std::filesystem::path file;  // the site file itself
  std::string site;
  std::string agent;
  std::filesystem::path state;  // absolute
  bool trust_clock = false;     // clock = "trusted": right whatever NTP says
  bool clock_by_host = true;    // clock = "ntp" switches it off: a virtual machine's clock is its host's
  std::chrono::milliseconds wait_for_time{15 * 60'000};  // ack = "broker": samples wait so long for the time
  std::optional<UplinkSettings> uplink;
  JournalSettings journal;
  meter::Site plant;
};

struct SettingsReading {
  Settings settings;                  // complete only without errors
  std::vector<std::string> errors;    // "file:line:column: message", in the order of the file
  std::vector<std::string> warnings;  // likewise
};

// `shipped`: the folder of the shipped profiles.
SettingsReading read_settings(const std::filesystem::path& file, const std::filesystem::path& shipped);
// Folders in which a profile's name is looked up, first hit wins: the site's folder, its meters/ folder,
// /etc/congto/meters, shipped.
std::vector<std::filesystem::path> profile_folders(const std::filesystem::path& site_file,
                                                   const std::filesystem::path& shipped);
// --config, else ./site.toml, else /etc/congto/site.toml; nothing when none of these exists.
std::optional<std::filesystem::path> find_config(const std::string& option);

}  // namespace congto::app
