// The keys of a broker's table, and which of them belong together.
#include "agent/mqtt/broker_settings.hpp"

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>

#include "drivers/meter/bus_reader.hpp"
#include "drivers/toml/named_file.hpp"
#include "drivers/toml/nearest.hpp"

namespace congto::mqtt {

namespace {

using toml::in_quotes;

constexpr std::uint16_t mqtt_port = 1883;   // IANA: mqtt
constexpr std::uint16_t mqtts_port = 8883;  // IANA: secure-mqtt
constexpr std::string_view plain_scheme = "mqtt://";
constexpr std::string_view secure_scheme = "mqtts://";

bool is_loopback(const std::string& host) {
  boost::system::error_code no_address;
  const auto address = boost::asio::ip::make_address(host, no_address);
  return host == "localhost" || (!no_address && address.is_loopback());
}

struct Broker {
  bool secure = false;
  meter::HostPort address;
};

std::optional<Broker> read_address(toml::Table& table, std::string_view key) {
  const auto text = table.string(key);
  if (!text) {
    if (!table.has(key)) table.missing(key, "\"mqtts://host:8883\" or \"mqtt://host:1883\"");
    return std::nullopt;
  }
  // A password in it must not be printed: no error below gets to see it.
  if (text->find('@') != std::string::npos) {
    table.error(key, "user and password do not belong in the address; give username and password-file");
    return std::nullopt;
  }
  Broker broker;
  broker.secure = text->starts_with(secure_scheme);
  if (!broker.secure && !text->starts_with(plain_scheme)) {
    table.error(key, "expected \"mqtts://host:8883\" or \"mqtt://host:1883\", found " + in_quotes(*text));
    return std::nullopt;
  }
  const std::string_view address =
      std::string_view(*text).substr(broker.secure ? secure_scheme.size() : plain_scheme.size());
  const auto parsed = meter::parse_host_port(address, broker.secure ? mqtts_port : mqtt_port);
  if (!parsed) {
    table.error(
        key, parsed.error().message + " after " + std::string(broker.secure ? secure_scheme : plain_scheme));
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

void check_together(toml::Table& table, std::string_view url_key, const std::optional<Broker>& broker) {
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
    table.warning(url_key, "mqtt:// sends the password unencrypted; use mqtts://");
  }
}

}  // namespace

BrokerSettings read_broker(toml::Table& table, std::string_view url_key,
                           const std::filesystem::path& folder) {
  BrokerSettings settings;
  const auto address = read_address(table, url_key);
  if (address) settings.broker = broker_text(*address);
  settings.ca = read_named_file(table, "ca", folder, toml::Secrecy::open);
  settings.certificate = read_named_file(table, "certificate", folder, toml::Secrecy::open);
  settings.key = read_named_file(table, "key", folder, toml::Secrecy::secret);
  settings.username = table.string("username").value_or("");
  settings.password = read_password_file(table, "password-file", folder, "the broker gets no password");
  check_together(table, url_key, address);
  return settings;
}

Settings connection_to(const BrokerSettings& broker) {
  Settings settings;
  settings.broker = broker.broker;
  settings.ca = broker.ca.string();
  settings.certificate = broker.certificate.string();
  settings.key = broker.key.string();
  settings.username = broker.username;
  settings.password = broker.password;
  return settings;
}

}  // namespace congto::mqtt
