// The keys of a bus, and host:port.
#include "drivers/meter/bus_reader.hpp"

#include <charconv>
#include <vector>

#include "drivers/meter/profile_source.hpp"

namespace congto::meter {

namespace {

constexpr std::uint16_t modbus_port = 502;  // Modbus Messaging on TCP/IP V1.0b, section 4.2.1

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

bool is_host(std::string_view text, bool in_brackets) {
  const std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
  const std::string allowed = std::string(letters) + (in_brackets ? ":.%" : ".-_");
  return !text.empty() && text.size() <= 253 && text.find_first_not_of(allowed) == std::string_view::npos;
}

void read_serial(toml::Table& table, const std::string& device, const std::filesystem::path& site_folder,
                 Bus& bus) {
  bus.transport = Transport::serial;
  const bool relative = !std::filesystem::path(device).is_absolute();
  bus.device = relative ? (site_folder / device).string() : device;
  const FactorySerial keys = read_serial_keys(table);
  if (keys.baud) bus.line.baud = *keys.baud;
  if (keys.parity) bus.line.parity = *keys.parity;
  if (keys.stop_bits) bus.line.stop_bits = *keys.stop_bits;
  if (const auto rs485 = table.boolean("rs485")) bus.rs485 = *rs485;
  if (table.has("release"))
    table.error("release", "only a tcp or rtu-over-tcp bus has a connection to release");
}

bool read_network(toml::Table& table, const std::string& key, const std::string& address, Bus& bus) {
  const bool framed = key == "rtu-over-tcp";
  bus.transport = framed ? Transport::rtu_over_tcp : Transport::tcp;
  for (const std::string_view serial_key : {"baud", "parity", "stop-bits", "rs485"}) {
    if (table.has(serial_key)) {
      table.error(serial_key, "only a serial bus has it; behind " + key + " it is a setting of the gateway");
    }
  }
  if (const auto release = table.boolean("release")) bus.release = *release;
  const auto parsed = parse_host_port(address, framed ? std::uint16_t{0} : modbus_port);
  if (!parsed) {
    table.error(key, parsed.error().message);
    return false;
  }
  bus.host = parsed->host;
  bus.port = parsed->port;
  return true;
}

bool read_channel(toml::Table& table, const std::filesystem::path& site_folder, BusEntry& entry) {
  std::vector<std::string> given;
  for (const std::string_view key : {"serial", "tcp", "rtu-over-tcp"}) {
    if (table.has(key)) given.emplace_back(key);
  }
  if (given.empty()) {
    for (const std::string_view key : {"baud", "parity", "stop-bits", "rs485", "release"}) table.has(key);
    table.missing("serial, tcp or rtu-over-tcp",
                  "one of serial = \"/dev/…\", tcp = \"host:502\" or rtu-over-tcp = \"host:port\"");
    return false;
  }
  entry.channel_place = table.place(given.front());
  if (given.size() > 1) table.error(given[1], "a bus is one channel: it already has " + given[0]);
  const auto address = table.string(given.front());
  if (!address) {
    for (const std::string_view key : {"baud", "parity", "stop-bits", "rs485", "release"}) table.has(key);
    return false;
  }
  if (given.front() != "serial") return read_network(table, given.front(), *address, entry.bus);
  read_serial(table, *address, site_folder, entry.bus);
  return true;
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text, std::uint16_t default_port) {
  const std::string expected =
      default_port != 0 ? "expected host:port, or a host alone for port " + std::to_string(default_port)
                        : std::string("expected host:port");
  const Error wrong{expected + ", such as \"10.0.0.5:502\", found \"" + std::string(text) + "\""};
  const bool bracketed = text.starts_with('[');
  const std::size_t host_end = bracketed ? text.find(']') : text.find(':');
  if (bracketed && host_end == std::string_view::npos) return wrong;
  const std::string_view host = bracketed ? text.substr(1, host_end - 1) : text.substr(0, host_end);
  std::string_view rest =
      host_end == std::string_view::npos ? std::string_view{} : text.substr(host_end + (bracketed ? 1 : 0));
  if (!is_host(host, bracketed)) return wrong;
  if (rest.empty()) {
    if (default_port == 0) return wrong;
    return HostPort{std::string(host), default_port};
  }
  if (rest.front() != ':') return wrong;
  const auto port = parse_port(rest.substr(1));
  if (!port) return wrong;
  return HostPort{std::string(host), *port};
}

std::optional<std::string> read_name(toml::Table& table) {
  const auto name = table.string("name");
  if (!name) {
    if (!table.has("name"))
      table.missing("name", "a name of small letters, digits and -, such as \"line-1\"");
    return std::nullopt;
  }
  const bool good = name->size() <= 64 &&
                    name->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!good) table.error("name", "expected 1 to 64 small letters, digits and -, found \"" + *name + "\"");
  return name;
}

std::optional<BusEntry> read_bus(toml::Table table, const std::filesystem::path& site_folder) {
  BusEntry entry;
  entry.place = table.place();
  const auto name = read_name(table);
  entry.name_place = table.place("name");
  if (name) table.set_title("[[bus]] \"" + *name + "\"");
  entry.whole = read_channel(table, site_folder, entry);
  table.finish();
  if (!name) return std::nullopt;
  entry.bus.name = *name;
  return entry;
}

}  // namespace congto::meter
