// Conflicts within a site; each error names both places.
#include "drivers/meter/site_rules.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <system_error>
#include <utility>

#include "drivers/toml/nearest.hpp"

namespace congto::meter {

namespace {

using toml::in_quotes;

// Equal for two buses exactly when they are one channel.
std::string channel_of(const Bus& bus) {
  if (bus.transport == Transport::serial) {
    std::error_code error;
    const auto node = std::filesystem::weakly_canonical(std::filesystem::absolute(bus.device), error);
    return error ? bus.device : node.string();
  }
  std::string host = bus.host;
  for (char& letter : host) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  if (host == "localhost" || host == "::1") host = "127.0.0.1";
  return "//" + host + ":" + std::to_string(bus.port);  // no path of a device begins so
}

std::string channel_text(const Bus& bus) {
  if (bus.transport == Transport::serial) return bus.device;
  return bus.host + ":" + std::to_string(bus.port);
}

// The word that decodes a point is where it is read; two meters must not read the same.
std::string register_text(const Point& point) {
  return "function " + std::to_string(static_cast<int>(point.function)) + ", register " +
         std::to_string(point.at);
}

std::vector<const Point*> all_points(const Meter& meter) {
  std::vector<const Point*> points;
  for (const Point& point : meter.points) points.push_back(&point);
  for (const Point& point : meter.info) points.push_back(&point);
  return points;
}

void check_shared_unit(const MeterEntry& first, const MeterEntry& second, toml::Report& report) {
  const std::string unit =
      "unit id " + std::to_string(second.meter.unit_id) + " on bus " + in_quotes(second.meter.bus);
  if (first.source->profile.file != second.source->profile.file) {
    report.error(second.profile_place, "profile: " + unit + " has two profiles, " +
                                           in_quotes(second.meter.profile) + " here and " +
                                           in_quotes(first.meter.profile) + " for meter " +
                                           in_quotes(first.meter.name) + " at " + first.profile_place.text());
    return;
  }
  std::set<std::pair<modbus::Function, std::uint16_t>> claimed;
  for (const Point* point : all_points(first.meter)) claimed.emplace(point->function, point->at);
  const Point* common = nullptr;
  std::size_t count = 0;
  for (const Point* point : all_points(second.meter)) {
    if (!claimed.contains({point->function, point->at})) continue;
    if (common == nullptr) common = point;
    ++count;
  }
  if (common == nullptr) return;
  const std::string more = count > 1 ? " and " + std::to_string(count - 1) + " more" : "";
  report.error(second.unit_place, "point " + common->name + " (" + register_text(*common) + ")" + more +
                                      " of " + unit + " is claimed by meter " + in_quotes(second.meter.name) +
                                      " here and by " + in_quotes(first.meter.name) + " at " +
                                      first.unit_place.text() +
                                      "; give each its own points with only = [\"…\"]");
}

std::string differences(const FactorySerial& factory, const SerialSettings& line) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : ", ") + what; };
  constexpr std::string_view parities[] = {"none", "even", "odd"};
  if (factory.baud && *factory.baud != line.baud) {
    add("baud " + std::to_string(line.baud) + " (factory: " + std::to_string(*factory.baud) + ")");
  }
  if (factory.parity && *factory.parity != line.parity) {
    add("parity " + std::string(parities[static_cast<std::size_t>(line.parity)]) +
        " (factory: " + std::string(parities[static_cast<std::size_t>(*factory.parity)]) + ")");
  }
  if (factory.stop_bits && *factory.stop_bits != line.stop_bits) {
    add("stop bits " + std::to_string(line.stop_bits) + " (factory: " + std::to_string(*factory.stop_bits) +
        ")");
  }
  return text;
}

void warn_of_factory_settings(const MeterEntry& entry, const Bus& bus, toml::Report& report) {
  const std::string menu = differences(entry.source->factory, bus.line);
  if (menu.empty()) return;
  report.warning(entry.profile_place, "meter " + in_quotes(entry.meter.name) + ": bus " +
                                          in_quotes(bus.name) + " runs at another setting than " +
                                          entry.meter.profile +
                                          " has from the factory; in the meter's menu set " + menu);
}

}  // namespace

void check_buses(const std::vector<BusEntry>& buses, toml::Report& report) {
  for (std::size_t i = 0; i < buses.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const BusEntry& first = buses[j];
      const BusEntry& second = buses[i];
      if (first.bus.name == second.bus.name) {
        report.error(second.name_place, "name: two buses are named " + in_quotes(second.bus.name) +
                                            ", here and at " + first.name_place.text());
      }
      if (first.whole && second.whole && channel_of(first.bus) == channel_of(second.bus)) {
        report.error(second.channel_place,
                     channel_text(second.bus) + " is the channel of two buses, " +
                         in_quotes(second.bus.name) + " here and " + in_quotes(first.bus.name) + " at " +
                         first.channel_place.text() + "; one bus can have all its meters");
      }
    }
  }
}

void check_meters(const std::vector<MeterEntry>& meters, const std::vector<BusEntry>& buses,
                  toml::Report& report) {
  for (std::size_t i = 0; i < meters.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const MeterEntry& first = meters[j];
      const MeterEntry& second = meters[i];
      if (first.meter.name == second.meter.name) {
        report.error(second.name_place, "name: two meters are named " + in_quotes(second.meter.name) +
                                            ", here and at " + first.name_place.text());
      }
      const bool shared = first.meter.bus == second.meter.bus && first.meter.unit_id == second.meter.unit_id;
      if (shared) check_shared_unit(first, second, report);
    }
  }
  for (const BusEntry& entry : buses) {
    bool used = false;
    std::set<modbus::UnitId> warned;
    for (const MeterEntry& meter : meters) {
      if (meter.meter.bus != entry.bus.name) continue;
      used = true;
      const bool serial = entry.bus.transport == Transport::serial;
      if (serial && warned.insert(meter.meter.unit_id).second)
        warn_of_factory_settings(meter, entry.bus, report);
    }
    if (!used && !report.failed()) {
      report.warning(entry.place, "bus " + in_quotes(entry.bus.name) + " has no meter: it is not opened");
    }
  }
}

}  // namespace congto::meter
