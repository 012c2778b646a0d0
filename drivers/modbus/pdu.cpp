// See pdu.hpp. Sections named here are of Modbus Application Protocol V1.1b3.
#include "drivers/modbus/pdu.hpp"

#include <stdexcept>

namespace congto::modbus {
namespace {

constexpr std::uint8_t exception_bit = 0x80;
constexpr std::uint8_t mei_device_identification = 14;  // section 6.21
constexpr PduLength more{PduLength::State::more_needed, 0};
constexpr PduLength never{PduLength::State::never, 0};

constexpr PduLength known(std::size_t bytes) { return {PduLength::State::known, bytes}; }

bool reads_bits(Function function) {
  return function == Function::read_coils || function == Function::read_discrete_inputs;
}

bool reads_registers(Function function) {
  return function == Function::read_holding_registers || function == Function::read_input_registers;
}

std::size_t data_bytes(const Request& request) {
  return reads_bits(request.function) ? (request.count + 7u) / 8u : 2u * request.count;
}

void append_word(std::uint16_t word, std::vector<std::uint8_t>& out) {
  out.push_back(static_cast<std::uint8_t>(word >> 8));
  out.push_back(static_cast<std::uint8_t>(word & 0xFF));
}

// Section 6.21: function, MEI type, kind of access, conformity, more follows, next object, number of objects,
// then number, length and bytes of each.
PduLength device_identification_length(const Request& request, std::span<const std::uint8_t> bytes) {
  constexpr std::size_t head = 7;
  if (bytes.size() > 1 && bytes[1] != mei_device_identification) return never;
  if (bytes.size() > 2 && bytes[2] != request.count) return never;
  if (bytes.size() < head) return more;
  std::size_t length = head;
  for (unsigned object = 0; object < bytes[head - 1]; ++object) {
    if (bytes.size() < length + 2) return more;
    length += 2u + bytes[length + 1];
    if (length > max_pdu_bytes) return never;
  }
  return known(length);
}

std::optional<std::string> range_objection(const Request& request, std::uint16_t most, const char* what) {
  if (request.count == 0) return std::string("a request for no ") + what;
  if (request.count > most) {
    return std::to_string(request.count) + " " + what + " in one request; the standard allows " +
           std::to_string(most);
  }
  if (request.at + static_cast<unsigned>(request.count) > 65'536u) {
    return std::string("a request past address 65535: ") + std::to_string(request.count) + " " + what +
           " from " + std::to_string(request.at);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> objection(const Request& request) {
  switch (request.function) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
      return range_objection(request, max_bits_per_request, "coils");
    case Function::read_holding_registers:
    case Function::read_input_registers:
      return range_objection(request, max_registers_per_request, "registers");
    case Function::report_server_id:
      return std::nullopt;
    case Function::read_device_identification:
      if (request.at > 255) return "device identification has no object " + std::to_string(request.at);
      if (request.count < 1 || request.count > 4) {
        return "device identification has no kind of access " + std::to_string(request.count) + " (1-4)";
      }
      return std::nullopt;
  }
  // A number cast to Function: the switch above is the list of what may be sent.
  return "function " + std::to_string(static_cast<unsigned>(request.function)) + " is not a reading function";
}

void append_request(const Request& request, std::vector<std::uint8_t>& out) {
  if (const auto why = objection(request)) throw std::invalid_argument("Modbus request: " + *why);
  out.push_back(static_cast<std::uint8_t>(request.function));
  if (request.function == Function::report_server_id) return;
  if (request.function == Function::read_device_identification) {
    out.push_back(mei_device_identification);
    out.push_back(static_cast<std::uint8_t>(request.count));
    out.push_back(static_cast<std::uint8_t>(request.at));
    return;
  }
  append_word(request.at, out);
  append_word(request.count, out);
}

PduLength reply_length(const Request& request, std::span<const std::uint8_t> bytes) {
  if (bytes.empty()) return more;
  const auto function = static_cast<std::uint8_t>(request.function);
  if (bytes[0] == (function | exception_bit)) {
    return bytes.size() > 1 && bytes[1] == 0 ? never : known(2);  // no exception has code 0 (section 7)
  }
  if (bytes[0] != function) return never;
  if (request.function == Function::read_device_identification) {
    return device_identification_length(request, bytes);
  }
  if (bytes.size() < 2) return more;
  if (request.function == Function::report_server_id) return known(2u + bytes[1]);
  return bytes[1] == data_bytes(request) ? known(2 + data_bytes(request)) : never;
}

Fit fit(const Request& request, std::span<const std::uint8_t> pdu) {
  const PduLength length = reply_length(request, pdu);
  if (length.state != PduLength::State::known || length.bytes != pdu.size()) return Fit::other;
  return (pdu[0] & exception_bit) != 0 ? Fit::exception : Fit::reply;
}

std::vector<std::uint16_t> reply_words(const Request& request, std::span<const std::uint8_t> pdu) {
  std::vector<std::uint16_t> words;
  if (reads_registers(request.function)) {
    const auto data = pdu.subspan(2);
    words.reserve(data.size() / 2);
    for (std::size_t i = 0; i + 1 < data.size(); i += 2) {
      words.push_back(static_cast<std::uint16_t>(data[i] << 8 | data[i + 1]));
    }
  } else if (reads_bits(request.function)) {
    const auto data = pdu.subspan(2);
    words.reserve(request.count);
    for (std::size_t i = 0; i < request.count; ++i) {
      words.push_back(data[i / 8] >> (i % 8) & 1);  // section 6.1: the first coil is the lowest bit
    }
  } else {
    words.assign(pdu.begin() + 1, pdu.end());
  }
  return words;
}

}  // namespace congto::modbus
