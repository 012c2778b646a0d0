// The tables of central.toml.
#include "agent/central/settings.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <system_error>

#include "agent/central/database.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/toml/document.hpp"
#include "drivers/toml/named_file.hpp"
#include "drivers/toml/table.hpp"

namespace congto::central {

namespace {

namespace fs = std::filesystem;

constexpr std::array<toml::KeyPlace, 10> key_places{{{"centre", "the top of the file"},
                                                     {"url", "[broker] or [database]"},
                                                     {"broker", "[broker], as url"},
                                                     {"database", "[database], as url"},
                                                     {"ca", "[broker]"},
                                                     {"certificate", "[broker]"},
                                                     {"key", "[broker]"},
                                                     {"username", "[broker]"},
                                                     {"password-file", "[broker] or [database]"},
                                                     {"ack", "an agent's [uplink]"}}};

bool valid_centre(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

DatabaseSettings read_database(toml::Table& table, const fs::path& folder) {
  DatabaseSettings database;
  if (const auto url = table.string("url")) {
    database.url = *url;
    if (const auto wrong = wrong_database_url(*url); !wrong.empty()) table.error("url", wrong);
  } else if (!table.has("url")) {
    table.missing("url", "a connection string such as \"postgresql:///congto?host=/run/postgresql\"");
  }
  database.password =
      toml::read_password_file(table, "password-file", folder, "the database gets no password");
  return database;
}

std::vector<std::string> texts(const std::vector<toml::ConfigError>& errors) {
  std::vector<std::string> lines;
  for (const auto& error : errors) lines.push_back(error.text());
  return lines;
}

}  // namespace

mqtt::Settings passing_connection(const mqtt::BrokerSettings& broker) {
  auto connection = mqtt::connection_to(broker);
  connection.client_id = "congto-central-" + EpochId::random().text().substr(0, 12);
  connection.clean_start = true;
  connection.session_expiry = std::chrono::seconds(0);
  return connection;
}

SettingsReading read_settings(const fs::path& file) {
  SettingsReading reading;
  toml::Report report(key_places);
  if (const auto document = toml::Document::load(file, report)) {
    auto& settings = reading.settings;
    settings.file = fs::absolute(file);
    const auto folder = settings.file.parent_path();
    toml::Table root(document->root(), "the top of central.toml", document->file(), report);
    if (const auto centre = root.string("centre")) {
      settings.centre = *centre;
      if (!valid_centre(*centre)) root.error("centre", "expected 1 to 64 of a-z, 0-9 and -");
    } else if (!root.has("centre")) {
      root.missing("centre", "the name of this centre, as acknowledgements tell it");
    }
    if (auto broker = root.table("broker", "[broker]")) {
      settings.broker = mqtt::read_broker(*broker, "url", folder);
      broker->finish();
    } else if (!root.has("broker")) {
      root.missing("broker", "a table [broker]");
    }
    if (auto database = root.table("database", "[database]")) {
      settings.database = read_database(*database, folder);
      database->finish();
    } else if (!root.has("database")) {
      root.missing("database", "a table [database]");
    }
    root.finish();
  }
  reading.errors = texts(report.errors());
  reading.warnings = texts(report.warnings());
  return reading;
}

std::optional<fs::path> find_config(const std::string& option) {
  if (!option.empty()) return fs::path(option);
  for (const char* const file : {"central.toml", "/etc/congto-central/central.toml"}) {
    std::error_code ignored;  // not to be looked at is not there, for a default
    if (fs::exists(file, ignored)) return fs::path(file);
  }
  return std::nullopt;
}

}  // namespace congto::central
