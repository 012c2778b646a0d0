// Meter: one configured device, or part of one: where it is, how often it is read, and its points with
// `only`, ct/vt and the site's own points already applied. Made by the site reader; read-only afterwards.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "drivers/meter/layout.hpp"
#include "drivers/meter/profile.hpp"

namespace congto::meter {

struct Meter {
  std::string name;
  std::string bus;
  modbus::UnitId unit_id = 1;
  std::string profile;
  std::string medium;
  std::chrono::milliseconds every{10'000};
  DeviceLimits limits;
  std::vector<Point> points;  // sampled at every poll
  std::vector<Point> info;    // kind info: read at start, on return and daily

  LayoutMeter layout() const { return {name, bus, unit_id, profile, medium, every, points}; }
  // The same, which takes the points along: nothing else in an agent is as large.
  LayoutMeter take_layout() { return {name, bus, unit_id, profile, medium, every, std::move(points)}; }
};

}  // namespace congto::meter
