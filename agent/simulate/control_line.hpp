// ControlLine: one line of the protocol that a running simulation takes on stdin. Pure.
#pragma once

#include <string>
#include <string_view>

#include "agent/simulate/fault.hpp"
#include "drivers/core/error.hpp"

namespace congto::simulate {

struct ControlLine {
  enum class Command { set_fault, statistics } command = Command::statistics;
  std::string meter;  // of set_fault; "*" is all
  Fault fault;        // FaultKind::none for "clear METER"
  bool operator==(const ControlLine&) const = default;
};

// "fault METER FAULT", "clear METER", "statistics"; words are separated by spaces.
Result<ControlLine> parse_control_line(std::string_view line);

}  // namespace congto::simulate
