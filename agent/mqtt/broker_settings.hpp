// Where the broker is and who we are to it, as the agent's [uplink] and the centre's [broker] give it.
// Used by the readers of both.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "agent/mqtt/client.hpp"
#include "drivers/toml/table.hpp"

namespace congto::mqtt {

struct BrokerSettings {
  std::string broker;                          // mqtt://host:port or mqtts://host:port
  std::filesystem::path ca, certificate, key;  // absolute; empty where not given
  std::string username;
  std::string password;  // from password-file, without its last line end; never printed
};

// The keys `url_key`, ca, certificate, key, username and password-file. Relative paths start at `folder`.
// What is wrong goes to the table's report, secret files that others can read too. The caller calls finish().
BrokerSettings read_broker(toml::Table& table, std::string_view url_key, const std::filesystem::path& folder);

// What of it a client needs; the rest of Settings is as it comes.
Settings connection_to(const BrokerSettings& broker);

}  // namespace congto::mqtt
