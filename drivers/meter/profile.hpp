// Profile: what a model of meter offers, read from config/meters/*.toml; and a meter as configured.
// Plain values; reading and checking them is in profile_reader and site (strict, with positions).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "drivers/meter/point.hpp"
#include "drivers/meter/read_plan.hpp"
#include "drivers/modbus/line.hpp"

namespace congto::meter {

// The names that profiles and sites use for what the serial link sets.
using modbus::Parity;
using modbus::SerialSettings;

// The head keys of a profile that concern reading; a [[meter]] may override each.
struct DeviceLimits {
  ReadLimits read;
  std::chrono::milliseconds pause{0};  // silence the device needs before a request
  std::chrono::milliseconds timeout{1000};
  std::optional<std::chrono::milliseconds>
      wake;  // after that long without traffic: one uncounted request first
  std::optional<std::chrono::milliseconds> min_interval;
};

struct Profile {
  std::string name;  // file name without .toml
  std::string file;  // where it was read
  std::string vendor;
  std::string model;
  std::string medium;  // electricity, water, …
  modbus::Function function = modbus::Function::read_holding_registers;
  WordOrder word_order = WordOrder::big;
  DeviceLimits limits;
  std::optional<SerialSettings> serial;  // factory setting
  std::vector<Point> points;             // in the order of the file, info points included
  std::vector<std::string>
      setting_units;  // points whose unit a menu of the device decides (unit = "setting")
};

}  // namespace congto::meter
