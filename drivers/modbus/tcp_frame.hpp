// The TCP envelope: transaction id, protocol 0, length, unit id (Modbus Messaging on TCP/IP V1.0b,
// section 3.1.3). Pure; used by tcp_exchange, and by whoever serves Modbus TCP.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

inline constexpr std::size_t tcp_head_bytes = 7;

struct TcpHead {
  std::uint16_t transaction = 0;
  std::uint16_t protocol = 0;
  std::uint16_t length = 0;  // of what follows this field: unit id and PDU
  UnitId unit = 0;

  // Protocol 0 and room for a function code and one more byte, at most a whole PDU.
  bool well_formed() const { return protocol == 0 && length >= 3 && length <= 1 + max_pdu_bytes; }
  std::size_t frame_bytes() const { return tcp_head_bytes - 1 + length; }
};

// The whole frame, appended. Throws std::invalid_argument where objection() speaks.
void append_tcp_request(std::uint16_t transaction, const Request& request, std::vector<std::uint8_t>& out);

// `bytes`: at least tcp_head_bytes.
TcpHead tcp_head(std::span<const std::uint8_t> bytes);

}  // namespace congto::modbus
