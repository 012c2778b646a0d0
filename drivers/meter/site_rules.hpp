// What buses and meters of one site must not do to each other: names, channels and points claimed twice.
// Pure apart from the resolving of device links; used by the site reader.
#pragma once

#include <vector>

#include "drivers/meter/bus_reader.hpp"
#include "drivers/meter/meter_reader.hpp"

namespace congto::meter {

// Two buses of one name, on one device node (links resolved) or on one host:port.
void check_buses(const std::vector<BusEntry>& buses, toml::Report& report);

// Two meters of one name; two profiles for one unit id; two meters that claim the same register of one unit
// id. Warns of buses without a meter, and of lines that run at another setting than the meters' factory one.
void check_meters(const std::vector<MeterEntry>& meters, const std::vector<BusEntry>& buses,
                  toml::Report& report);

}  // namespace congto::meter
