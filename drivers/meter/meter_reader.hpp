// One [[meter]] of a site: its keys, and its profile with everything the meter says beside it applied.
// Used by the site reader.
#pragma once

#include <optional>
#include <span>

#include "drivers/meter/bus_reader.hpp"
#include "drivers/meter/meter.hpp"
#include "drivers/meter/profile_library.hpp"

namespace congto::meter {

struct MeterEntry {
  Meter meter;
  const ProfileSource* source = nullptr;
  toml::Place place;  // of its header
  toml::Place name_place;
  toml::Place unit_place;  // of unit-id, or of the header where it is left out
  toml::Place profile_place;
};

// Nothing when the meter has an error; what is wrong is then in the table's report.
std::optional<MeterEntry> read_meter(toml::Table table, std::span<const BusEntry> buses,
                                     ProfileLibrary& profiles);

}  // namespace congto::meter
