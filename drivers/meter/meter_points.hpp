// The points of one meter: those of its profile, `only` some of them, with [meter.points] laid over, and
// multiplied by its transformers. Used by the meter reader.
#pragma once

#include <string>
#include <vector>

#include "drivers/meter/device_head.hpp"
#include "drivers/meter/meter.hpp"
#include "drivers/meter/profile_source.hpp"

namespace congto::meter {

// Reads the keys only, ct, vt and points of the meter's table, and fills meter.points and meter.info. `head`
// is the profile's with the meter's own head keys applied. What is wrong goes to the table's report.
void read_meter_points(toml::Table& table, const ProfileSource& source, const DeviceHead& head, Meter& meter);

// Names the same keys as known where the profile could not be read.
void skip_meter_points(toml::Table& table);

}  // namespace congto::meter
