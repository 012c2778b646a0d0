// ProfileSource: a profile with what its file says beyond the Profile: points as written and the head keys,
// so that a [[meter]] can override them. Made by the profile reader, used by the readers of the site.
#pragma once

#include <optional>
#include <vector>

#include "drivers/meter/device_head.hpp"
#include "drivers/meter/point_spec.hpp"
#include "drivers/meter/profile.hpp"
#include "drivers/toml/document.hpp"

namespace congto::meter {

// [serial]: what the factory set, as far as it is known.
struct FactorySerial {
  std::optional<unsigned> baud;
  std::optional<Parity> parity;
  std::optional<unsigned> stop_bits;
};

struct ProfileSource {
  Profile profile;
  DeviceHead head;
  std::vector<PointSpec> specs;  // in the order of the file, as profile.points
  FactorySerial factory;
};

// Nothing when the profile has an error; all of them are in `report`.
std::optional<ProfileSource> read_profile_source(const toml::Document& document, toml::Report& report);

// "baud", "parity" and "stop-bits" of a [serial] table or a [[bus]].
FactorySerial read_serial_keys(toml::Table& table);

}  // namespace congto::meter
