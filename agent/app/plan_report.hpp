// What `congto check` says of a good configuration: each meter's read plan, and the load of each bus.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "drivers/meter/read_plan.hpp"
#include "drivers/meter/site.hpp"

namespace congto::app {

struct MeterPlan {
  const meter::Meter* meter = nullptr;
  meter::ReadPlan plan;
  meter::ReadPlan info;  // of the points that are read at the start and daily
  double load = 0;       // wire time of `plan` / interval
  std::size_t unverified = 0;
};

struct BusPlan {
  const meter::Bus* bus = nullptr;
  std::vector<MeterPlan> meters;
  double load = 0;  // sum; 1 is a line that is never still
  // A TCP bus gets no verdict: its round trip is not known here.
  bool serial() const { return bus->transport == meter::Transport::serial; }
  bool overloaded() const { return serial() && load > 1.0; }
  bool crowded() const { return serial() && load > 0.8; }
};

std::vector<BusPlan> plan_site(const meter::Site& site);
std::string text(const std::vector<BusPlan>& plans);
std::string json(const std::vector<BusPlan>& plans);

}  // namespace congto::app
