// Fault: how a simulated meter misbehaves, as given by --fault METER=… and by "fault METER …" on stdin.
// A plain value; one fault a unit at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "drivers/core/error.hpp"

namespace congto::simulate {

enum class FaultKind : std::uint8_t {
  none,
  silent,     // never answers
  late,       // answers `delay` later than it should
  noise,      // random bytes instead of the reply
  exception,  // answers everything with `exception`
  crc,  // the right reply with a wrong checksum; behind a TCP gateway, which drops such replies, exception 11
};

struct Fault {
  FaultKind kind = FaultKind::none;
  std::chrono::milliseconds delay{0};
  std::uint8_t exception = 0;
  bool operator==(const Fault&) const = default;
};

// "silent", "late:300", "noise", "exception:2", "crc"; delays 1-600000 ms, exceptions 1-255.
Result<Fault> parse_fault(std::string_view text);
// "compressor-1=late:300".
Result<std::pair<std::string, Fault>> parse_meter_fault(std::string_view text);

}  // namespace congto::simulate
