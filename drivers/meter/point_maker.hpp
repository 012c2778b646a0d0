// PointMaker: from a point as written (PointSpec) and the head of its device to a Point, with every check of
// meaning that needs no more than these two. Used for profiles and for [meter.points].
#pragma once

#include <optional>

#include "drivers/meter/device_head.hpp"
#include "drivers/meter/point_spec.hpp"

namespace congto::meter {

struct MadePoint {
  Point point;
  bool unit_by_setting = false;  // unit = "setting": the unit is not known yet, and is Unit::none here
};

// Nothing when `spec` does not make a point; every reason is then in `report`.
std::optional<MadePoint> make_point(const PointSpec& spec, const DeviceHead& head, toml::Report& report);

}  // namespace congto::meter
