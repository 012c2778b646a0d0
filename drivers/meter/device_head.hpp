// DeviceHead: the head keys of a profile, each of which a [[meter]] may override; one reader for both.
#pragma once

#include <optional>
#include <string>

#include "drivers/meter/numbering.hpp"
#include "drivers/meter/point.hpp"
#include "drivers/meter/profile.hpp"
#include "drivers/toml/table.hpp"

namespace congto::meter {

struct DeviceHead {
  std::optional<modbus::Function> function;
  Numbering numbering = Numbering::wire;
  bool numbering_given = false;
  WordOrder word_order = WordOrder::big;
  DeviceLimits limits;
  std::string medium;
};

// Takes the head keys that `table` has into `head`; the others stay as they are.
void read_head(toml::Table& table, DeviceHead& head);

// 1-4, as a profile writes them.
std::optional<modbus::Function> read_function(toml::Table& table);
std::optional<WordOrder> read_word_order(toml::Table& table);

}  // namespace congto::meter
