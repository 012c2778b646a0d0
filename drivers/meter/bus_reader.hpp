// One [[bus]] of a site. Used by the site reader.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/core/error.hpp"
#include "drivers/meter/site.hpp"
#include "drivers/toml/table.hpp"

namespace congto::meter {

struct BusEntry {
  Bus bus;
  bool whole = false;  // false: its channel is missing or wrong, which is reported; only the name counts
  toml::Place place;   // of its header
  toml::Place name_place;
  toml::Place channel_place;  // of serial, tcp or rtu-over-tcp
};

// Relative device paths start at `site_folder`. Nothing when it has no name.
std::optional<BusEntry> read_bus(toml::Table table, const std::filesystem::path& site_folder);

// Names of buses and meters: [a-z0-9-], 1 to 64. Any other is reported and given all the same.
std::optional<std::string> read_name(toml::Table& table);

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
// "10.0.0.5:502", "gateway:4001", "[::1]:502"; without a port only where `default_port` is not 0.
Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port);

}  // namespace congto::meter
