// The keys of a meter.
#include "drivers/meter/meter_reader.hpp"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "drivers/meter/meter_points.hpp"
#include "drivers/toml/duration.hpp"
#include "drivers/toml/nearest.hpp"

namespace congto::meter {

namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds day = 24h;
constexpr modbus::UnitId tcp_unit =
    255;  // Modbus Messaging on TCP/IP V1.0b, 4.4.2: the device behind the address itself

bool fits_the_day(milliseconds every) { return day % every == 0ms || every % day == 0ms; }

// `"6s" or "8s"`: the nearest intervals that fit, in the unit in which `every` is whole.
std::string fitting_neighbours(milliseconds every) {
  const milliseconds step =
      every % 1s == 0ms ? (every % 1min == 0ms ? milliseconds(1min) : milliseconds(1s)) : 1ms;
  milliseconds below = every - step;
  while (below >= 100ms && !fits_the_day(below)) below -= step;
  milliseconds above = every + step;
  while (!fits_the_day(above)) above += step;
  const std::string high = "\"" + toml::duration_text(above) + "\"";
  return below >= 100ms ? "\"" + toml::duration_text(below) + "\" or " + high : high;
}

void read_every(toml::Table& table, const DeviceLimits& limits, Meter& meter) {
  if (const auto every = table.duration("every", 100ms, 31 * day)) {
    meter.every = *every;
  } else if (table.has("every")) {
    return;
  }
  if (!fits_the_day(meter.every)) {
    table.error(
        "every",
        "polls are due at fixed times of the day, so it must divide a day or be whole days, found \"" +
            toml::duration_text(meter.every) + "\"; the nearest are " + fitting_neighbours(meter.every));
  }
  if (limits.min_interval && meter.every < *limits.min_interval) {
    table.error("every", "\"" + toml::duration_text(meter.every) +
                             "\" is below the min-interval of the device, \"" +
                             toml::duration_text(*limits.min_interval) + "\"");
  }
}

const BusEntry* find_bus(toml::Table& table, std::span<const BusEntry> buses) {
  const auto name = table.string("bus");
  if (!name) {
    if (!table.has("bus")) table.missing("bus", "the name of a [[bus]]");
    return nullptr;
  }
  const auto found =
      std::ranges::find_if(buses, [&](const BusEntry& entry) { return entry.bus.name == *name; });
  if (found != buses.end()) return &*found;
  std::vector<std::string_view> names;
  for (const BusEntry& entry : buses) names.push_back(entry.bus.name);
  table.error("bus", "there is no [[bus]] named \"" + *name + "\"" + toml::suggestion(*name, names));
  return nullptr;
}

void read_unit_id(toml::Table& table, const BusEntry* bus, Meter& meter) {
  const bool unknown = bus == nullptr || !bus->whole;
  const bool tcp = !unknown && bus->bus.transport == Transport::tcp;
  const auto unit = table.integer("unit-id", tcp || unknown ? 0 : 1, tcp || unknown ? 255 : 247);
  if (unit) {
    meter.unit_id = static_cast<modbus::UnitId>(*unit);
  } else if (tcp) {
    meter.unit_id = tcp_unit;
  } else if (!unknown && !table.has("unit-id")) {
    table.missing("unit-id", "the meter's address on the line, 1 to 247");
  }
}

const ProfileSource* find_source(toml::Table& table, ProfileLibrary& profiles) {
  const auto name = table.string("profile");
  if (name) return profiles.find(*name, table.place("profile"), table.report());
  if (!table.has("profile"))
    table.missing("profile", "the name of a profile such as \"eastron-sdm120\", or a path ending in .toml");
  return nullptr;
}

}  // namespace

std::optional<MeterEntry> read_meter(toml::Table table, std::span<const BusEntry> buses,
                                     ProfileLibrary& profiles) {
  MeterEntry entry;
  Meter& meter = entry.meter;
  const auto name = read_name(table);
  if (name) table.set_title("[[meter]] \"" + *name + "\"");
  meter.name = name.value_or("");
  const BusEntry* bus = find_bus(table, buses);
  if (bus != nullptr) meter.bus = bus->bus.name;
  read_unit_id(table, bus, meter);
  entry.source = find_source(table, profiles);
  DeviceHead head;
  if (entry.source != nullptr) head = entry.source->head;
  read_head(table, head);
  meter.limits = head.limits;
  meter.medium = head.medium;
  read_every(table, head.limits, meter);
  entry.place = table.place();
  entry.name_place = table.place("name");
  entry.unit_place = table.place("unit-id");
  entry.profile_place = table.place("profile");
  if (entry.source == nullptr) {
    skip_meter_points(table);
    table.finish();
    return std::nullopt;
  }
  meter.profile = entry.source->profile.name;
  read_meter_points(table, *entry.source, head, meter);
  table.finish();
  if (!name || bus == nullptr) return std::nullopt;
  return entry;
}

}  // namespace congto::meter
