// See rtu_frame.hpp.
#include "drivers/modbus/rtu_frame.hpp"

#include <array>
#include <stdexcept>

#include "drivers/modbus/crc16.hpp"

namespace congto::modbus {
namespace {

constexpr std::size_t envelope = 3;  // unit id, two bytes of CRC

std::array<std::uint8_t, 2> crc_bytes(std::span<const std::uint8_t> bytes) {
  const std::uint16_t crc = crc16(bytes);
  return {static_cast<std::uint8_t>(crc & 0xFF), static_cast<std::uint8_t>(crc >> 8)};
}

}  // namespace

std::optional<std::string> rtu_objection(const Request& request) {
  if (request.unit == 0) return "unit id 0 is the broadcast address of a serial line; nobody answers it";
  return objection(request);
}

void append_rtu_request(const Request& request, std::vector<std::uint8_t>& out) {
  if (request.unit == 0) throw std::invalid_argument("Modbus request: " + *rtu_objection(request));
  const std::size_t begin = out.size();
  out.push_back(request.unit);
  append_request(request, out);
  const auto crc = crc_bytes(std::span<const std::uint8_t>(out).subspan(begin));
  out.insert(out.end(), crc.begin(), crc.end());
}

PduLength rtu_reply_length(const Request& request, std::span<const std::uint8_t> first_bytes) {
  if (first_bytes.empty()) return {};
  if (first_bytes[0] != request.unit) return {PduLength::State::never, 0};
  PduLength length = reply_length(request, first_bytes.subspan(1));
  if (length.state != PduLength::State::known) return length;
  length.bytes += envelope;
  if (length.bytes > max_rtu_bytes) return {PduLength::State::never, 0};
  return length;
}

std::size_t rtu_reply_bytes(const Request& request) {
  constexpr std::size_t function_and_byte_count = 2;
  switch (request.function) {
    case Function::read_coils:
    case Function::read_discrete_inputs:
      return envelope + function_and_byte_count + (request.count + 7U) / 8U;
    case Function::read_holding_registers:
    case Function::read_input_registers:
      return envelope + function_and_byte_count + 2U * request.count;
    case Function::report_server_id:
    case Function::read_device_identification:
      break;
  }
  return 0;
}

bool crc_valid(std::span<const std::uint8_t> frame) {
  // The CRC over a frame with its own CRC at the end is 0.
  return frame.size() >= envelope + 1 && crc16(frame) == 0;
}

std::span<const std::uint8_t> rtu_pdu(std::span<const std::uint8_t> frame) {
  return frame.subspan(1, frame.size() - envelope);
}

std::string hex(std::span<const std::uint8_t> bytes) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (!text.empty()) text += ' ';
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

std::string crc_trouble(std::span<const std::uint8_t> frame) {
  return "CRC wrong: got " + hex(frame.last(2)) + ", computed " +
         hex(crc_bytes(frame.first(frame.size() - 2)));
}

}  // namespace congto::modbus
