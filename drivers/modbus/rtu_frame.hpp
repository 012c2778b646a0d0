// The RTU envelope: unit id before, CRC after (Modbus over Serial Line V1.02, section 2.5.1). Pure.
// Used by rtu_exchange, and to tell others' frames from noise.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

inline constexpr std::size_t max_rtu_bytes = 256;

// Like objection(), and unit id 0, which would be a broadcast.
std::optional<std::string> rtu_objection(const Request& request);

// The whole frame, appended. Throws std::invalid_argument where rtu_objection() speaks.
void append_rtu_request(const Request& request, std::vector<std::uint8_t>& out);

// Length of the whole frame that answers `request`, told from its first bytes.
PduLength rtu_reply_length(const Request& request, std::span<const std::uint8_t> first_bytes);

// The same, told from the request alone; 0 where only the reply tells it (functions 17 and 43).
std::size_t rtu_reply_bytes(const Request& request);

// At least unit, function and CRC, and the CRC is right.
bool crc_valid(std::span<const std::uint8_t> frame);
// What stands between unit id and CRC.
std::span<const std::uint8_t> rtu_pdu(std::span<const std::uint8_t> frame);

// "01 04 00 0A", for messages.
std::string hex(std::span<const std::uint8_t> bytes);
// "CRC wrong: got 12 34, computed 56 78".
std::string crc_trouble(std::span<const std::uint8_t> frame);

}  // namespace congto::modbus
