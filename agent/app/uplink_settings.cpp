// The keys of [uplink], and the look at the files they name.
#include "agent/app/uplink_settings.hpp"

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>
#include <system_error>

#include "drivers/meter/bus_reader.hpp"
#include "drivers/toml/nearest.hpp"

namespace congto::app {

namespace {

namespace fs = std::filesystem;
using toml::in_quotes;

constexpr std::uint16_t mqtt_port = 1883;   // IANA: mqtt
constexpr std::uint16_t mqtts_port = 8883;  // IANA: secure-mqtt
constexpr std::string_view plain_scheme = "mqtt://";
constexpr std::string_view secure_scheme = "mqtts://";

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.");
}

struct Broker {
  bool secure = false;
  meter::HostPort address;
};

std::optional<Broker> read_broker(toml::Table& table) {
  const auto text = table.string("broker");
  if (!text) {
    if (!table.has("broker")) table.missing("broker", "\"mqtts://host:8883\" or \"mqtt://host:1883\"");
    return std::nullopt;
  }
  // A password in it must not be printed: no error below gets to see it.
  if (text->find('@') != std::string::npos) {
    table.error("broker",
                "user and password do not belong into the address; give username and password-file");
    return std::nullopt;
  }
  Broker broker;
  broker.secure = text->starts_with(secure_scheme);
  if (!broker.secure && !text->starts_with(plain_scheme)) {
    table.error("broker",
                "expected \"mqtts://host:8883\" or \"mqtt://host:1883\", found " + in_quotes(*text));
    return std::nullopt;
  }
  const std::string_view address =
      std::string_view(*text).substr(broker.secure ? secure_scheme.size() : plain_scheme.size());
  const auto parsed = meter::parse_host_port(address, broker.secure ? mqtts_port : mqtt_port);
  if (!parsed) {
    table.error("broker", parsed.error().message + " after " +
                              std::string(broker.secure ? secure_scheme : plain_scheme));
    return std::nullopt;
  }
  broker.address = *parsed;
  return broker;
}

std::string broker_text(const Broker& broker) {
  const bool ipv6 = broker.address.host.find(':') != std::string::npos;
  const std::string host = ipv6 ? "[" + broker.address.host + "]" : broker.address.host;
  return std::string(broker.secure ? secure_scheme : plain_scheme) + host + ":" +
         std::to_string(broker.address.port);
}

// A certificate is public, but one in a file with its private key is as secret as that.
bool holds_private_key(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  return text.find("PRIVATE KEY-----") != std::string::npos;
}

void check_secret(toml::Table& table, std::string_view key, const fs::path& file, fs::perms permissions) {
  constexpr fs::perms others = fs::perms::group_all | fs::perms::others_all;
  if ((permissions & others) == fs::perms::none) return;
  char mode[8];
  std::snprintf(mode, sizeof mode, "%03o", static_cast<unsigned>(permissions & fs::perms::mask) & 0777U);
  table.error(key, file.string() + " can be read or changed by others (mode " + mode + "); run: chmod 600 " +
                       file.string());
}

// The path that a key names; empty where it is not given. The file must exist.
fs::path read_file(toml::Table& table, std::string_view key, const fs::path& folder, bool secret) {
  const auto text = table.string(key);
  if (!text) return {};
  fs::path file = fs::absolute(folder / *text).lexically_normal();
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    table.error(key, "there is no file " + file.string());
  } else if (error) {
    table.warning(key, file.string() + " cannot be looked at: " + error.message());
  } else if (!fs::is_regular_file(status)) {
    table.error(key, file.string() + " is no regular file");
  } else if (secret || holds_private_key(file)) {
    check_secret(table, key, file, status.permissions());
  }
  return file;
}

// The file's content without its last line end. Not readable for this user is a warning: `check` and `status`
// need no password.
std::string read_password(toml::Table& table, const fs::path& file) {
  std::error_code ignored;  // read_file() has said what is wrong with it
  if (file.empty() || !fs::is_regular_file(file, ignored)) return {};
  std::ifstream stream(file, std::ios::binary);
  if (!stream.is_open()) {
    table.warning("password-file",
                  file.string() + " cannot be read by this user; the broker gets no password");
    return {};
  }
  std::string password((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (password.ends_with('\n')) password.pop_back();
  if (password.ends_with('\r')) password.pop_back();
  if (password.empty()) table.error("password-file", file.string() + " is empty");
  return password;
}

void check_together(toml::Table& table, const std::optional<Broker>& broker) {
  if (table.has("certificate") != table.has("key")) {
    const bool has_key = table.has("key");
    table.error(has_key ? "key" : "certificate",
                std::string("needs ") + (has_key ? "certificate" : "key") + " beside it: the two are a pair");
  }
  if (table.has("password-file") && !table.has("username")) {
    table.error("password-file", "needs username beside it");
  }
  if (!broker || broker->secure) return;
  for (const std::string_view key : {"ca", "certificate", "key"}) {
    if (table.has(key)) table.error(key, "only mqtts:// uses it; the broker is given as mqtt://");
  }
  if (table.has("username") && !is_loopback(broker->address.host)) {
    table.warning("broker", "mqtt:// sends the password unencrypted; use mqtts://");
  }
}

}  // namespace

UplinkSettings read_uplink(toml::Table& table, const fs::path& folder) {
  constexpr std::pair<std::string_view, AckMode> acks[] = {{"central", AckMode::central},
                                                           {"broker", AckMode::broker}};
  UplinkSettings uplink;
  const auto broker = read_broker(table);
  if (broker) uplink.broker = broker_text(*broker);
  uplink.ca = read_file(table, "ca", folder, false);
  uplink.certificate = read_file(table, "certificate", folder, false);
  uplink.key = read_file(table, "key", folder, true);
  uplink.username = table.string("username").value_or("");
  uplink.password = read_password(table, read_file(table, "password-file", folder, true));
  if (const auto ack = table.word("ack", acks)) uplink.ack = *ack;
  uplink.centre = table.string("centre").value_or("");
  if (!uplink.centre.empty() && uplink.ack == AckMode::broker) {
    table.error("centre",
                "with ack = \"broker\" no centre's acknowledgements count; take one of the two away");
  }
  check_together(table, broker);
  return uplink;
}

}  // namespace congto::app
