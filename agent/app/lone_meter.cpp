// Options to bus, profile and meter.
#include "agent/app/lone_meter.hpp"

#include <filesystem>
#include <ostream>
#include <string>

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "agent/app/settings.hpp"
#include "drivers/meter/bus_reader.hpp"
#include "drivers/meter/key_places.hpp"
#include "drivers/meter/profile_library.hpp"
#include "drivers/meter/profile_reader.hpp"
#include "drivers/toml/document.hpp"

namespace congto::app {

namespace {

// As a TOML text: its escapes are those of JSON.
std::string toml_text(const std::string& text) { return boost::json::serialize(boost::json::string(text)); }

std::string line_keys(const ReadOptions& options, const std::optional<meter::SerialSettings>& factory) {
  const auto usual = factory.value_or(meter::SerialSettings());
  const char* usual_parity = usual.parity == meter::Parity::none   ? "none"
                             : usual.parity == meter::Parity::even ? "even"
                                                                   : "odd";
  return "baud = " + std::to_string(options.baud.value_or(usual.baud)) +
         "\nparity = " + toml_text(options.parity.value_or(usual_parity)) +
         "\nstop-bits = " + std::to_string(options.stop_bits.value_or(usual.stop_bits)) + "\n";
}

std::optional<meter::Bus> read_bus(const ReadOptions& options,
                                   const std::optional<meter::SerialSettings>& factory,
                                   std::ostream& messages) {
  std::string text = "[[bus]]\nname = \"command-line\"\n";
  if (!options.serial.empty())
    text += "serial = " + toml_text(options.serial) + "\n" + line_keys(options, factory);
  if (!options.tcp.empty()) text += "tcp = " + toml_text(options.tcp) + "\n";
  if (!options.rtu_over_tcp.empty()) text += "rtu-over-tcp = " + toml_text(options.rtu_over_tcp) + "\n";
  const auto places = meter::key_places();
  toml::Report report(places);
  std::optional<meter::BusEntry> entry;
  if (const auto document = toml::Document::parse(text, "command line", report)) {
    toml::Table root(document->root(), "the command line", document->file(), report);
    std::error_code no_directory;  // then a relative device stays as it is
    for (toml::Table& table : root.tables("bus"))
      entry = meter::read_bus(std::move(table), std::filesystem::current_path(no_directory));
  }
  for (const auto& error : report.errors()) messages << "--" << error.message << "\n";
  if (!entry || report.failed()) return std::nullopt;
  return std::move(entry->bus);
}

std::optional<meter::Profile> read_profile(const ReadOptions& options, std::ostream& messages) {
  const auto file =
      meter::find_profile(options.profile, "", profile_folders("site.toml", options.site.shipped));
  if (!file) {
    messages << "--profile: " << file.error().message << "\n";
    return std::nullopt;
  }
  auto read = meter::read_profile(*file);
  for (const auto& warning : read.warnings) messages << "warning: " << warning.text() << "\n";
  for (const auto& error : read.errors) messages << error.text() << "\n";
  if (!read.profile) return std::nullopt;
  for (const auto& point : read.profile->setting_units) {
    messages << "warning: " << point
             << ": a menu of the device decides its unit; shown is what the register says\n";
  }
  return std::move(read.profile);
}

// 255 stands for the device behind the address itself (Modbus Messaging on TCP/IP V1.0b, 4.4.2).
std::optional<modbus::UnitId> read_unit_id(const ReadOptions& options, std::ostream& messages) {
  const bool tcp = !options.tcp.empty();
  if (!options.unit_id && tcp) return modbus::UnitId{255};
  const int low = tcp ? 0 : 1;
  const int high = tcp ? 255 : 247;
  if (options.unit_id && *options.unit_id >= low && *options.unit_id <= high)
    return static_cast<modbus::UnitId>(*options.unit_id);
  messages << "--unit-id: expected the meter's address, " << low << " to " << high << "\n";
  return std::nullopt;
}

}  // namespace

std::optional<LoneMeter> lone_meter(const ReadOptions& options, std::ostream& messages) {
  const int channels =
      int{!options.serial.empty()} + int{!options.tcp.empty()} + int{!options.rtu_over_tcp.empty()};
  if (channels != 1) {
    messages << "one of --serial, --tcp and --rtu-over-tcp, not more\n";
    return std::nullopt;
  }
  if (options.profile.empty()) {
    messages << "--profile: expected a shipped name such as eastron-sdm120, or a path ending in .toml\n";
    return std::nullopt;
  }
  const auto unit_id = read_unit_id(options, messages);
  const auto profile = read_profile(options, messages);
  if (!unit_id || !profile) return std::nullopt;
  auto bus = read_bus(options, profile->serial, messages);
  if (!bus) return std::nullopt;
  const auto& name = options.meter.empty() ? profile->name : options.meter;
  auto whole = meter::whole_meter(*profile, name, bus->name, *unit_id);
  return LoneMeter{std::move(*bus), std::move(whole)};
}

}  // namespace congto::app
