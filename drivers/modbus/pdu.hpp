// The part of Modbus that is the same on every transport: which functions exist here, one request, one reply.
// Read-only by type: Function has no member that could change anything in a meter (promise 3 of the design).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"

namespace congto::modbus {

// 1-247 on serial lines (0 would be a broadcast), 0-255 on TCP.
using UnitId = std::uint8_t;

// Modbus Application Protocol V1.1b3, section 6: the reading functions and the two identification functions.
enum class Function : std::uint8_t {
  read_coils = 1,
  read_discrete_inputs = 2,
  read_holding_registers = 3,
  read_input_registers = 4,
  report_server_id = 17,
  read_device_identification = 43,  // MEI type 14
};

// Limits of one request in the same specification.
inline constexpr std::uint16_t max_registers_per_request = 125;
inline constexpr std::uint16_t max_bits_per_request = 2000;
// From the function code on (section 4.1).
inline constexpr std::size_t max_pdu_bytes = 253;

struct Request {
  UnitId unit = 1;
  Function function = Function::read_holding_registers;
  std::uint16_t at = 0;     // wire address, 0-based
  std::uint16_t count = 1;  // registers, or coils for functions 1 and 2
  // For function 43: `at` is the object to begin with (0-255), `count` the kind of access (1 basic, 2
  // regular, 3 extended, 4 one object). For function 17 neither counts.
  bool operator==(const Request&) const = default;
};

// What a reply to functions 1-4 carried: one word per register, or one word (0 or 1) per coil.
// For functions 17 and 43 `words` holds the bytes of the reply after the function code, one byte a word.
struct Reply {
  std::vector<std::uint16_t> words;
  BootTime last_byte;                 // when its last byte arrived
  std::chrono::microseconds took{0};  // from the last byte of the request to the last byte of the reply
};

// Why this request can never be sent, for people; nothing if it can. A request that may be sent never fails
// to encode.
std::optional<std::string> objection(const Request& request);

// The request's bytes from the function code on, appended. Throws std::invalid_argument where objection()
// speaks.
void append_request(const Request& request, std::vector<std::uint8_t>& out);

// What the bytes of an undamaged frame, from the function code on, are to a request.
enum class Fit : std::uint8_t {
  reply,      // its reply, with the length and byte count that it must have
  exception,  // its exception reply; the code is the second byte, never 0
  other,      // anything else
};
Fit fit(const Request& request, std::span<const std::uint8_t> pdu);
// The words of a reply that fits.
std::vector<std::uint16_t> reply_words(const Request& request, std::span<const std::uint8_t> pdu);

// Length of the reply to a request, from the function code on, told from its first bytes.
struct PduLength {
  enum class State : std::uint8_t { known, more_needed, never } state = State::more_needed;
  std::size_t bytes = 0;  // when known
};
// `never`: no frame that begins like this is the reply or its exception.
PduLength reply_length(const Request& request, std::span<const std::uint8_t> first_bytes);

}  // namespace congto::modbus
