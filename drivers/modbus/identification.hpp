// What a unit says it is: replies to functions 17 (report server id) and 43/14 (read device identification).
// Pure; for scan and read. Texts are the unit's own bytes, trimmed, with what is not printable ASCII left
// out.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "drivers/core/error.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

Request server_id_request(UnitId unit);
// The basic objects (vendor, product code, revision), from `object` on.
Request device_identification_request(UnitId unit, std::uint8_t object = 0);

// Function 17. The standard leaves all but the byte count to the maker; most give one byte of id, a run
// indicator (0x00 or 0xFF) and a text.
struct ServerId {
  std::uint8_t id = 0;
  std::optional<bool> running;  // nothing where the second byte is no run indicator
  std::string text;
};
// `words`: Reply::words of function 17.
Result<ServerId> parse_server_id(std::span<const std::uint16_t> words);

// Function 43/14.
struct DeviceIdentification {
  std::string vendor;    // object 0
  std::string product;   // object 1
  std::string revision;  // object 2
  std::map<std::uint8_t, std::string> more_objects;
  std::optional<std::uint8_t> next_object;  // ask again from here: the rest did not fit
};
// `words`: Reply::words of function 43.
Result<DeviceIdentification> parse_device_identification(std::span<const std::uint16_t> words);

}  // namespace congto::modbus
