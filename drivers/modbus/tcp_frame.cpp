// See tcp_frame.hpp.
#include "drivers/modbus/tcp_frame.hpp"

#include <stdexcept>

namespace congto::modbus {
namespace {

std::uint16_t word_at(std::span<const std::uint8_t> bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

}  // namespace

void append_tcp_request(std::uint16_t transaction, const Request& request, std::vector<std::uint8_t>& out) {
  if (const auto why = objection(request)) throw std::invalid_argument("Modbus request: " + *why);
  const std::size_t begin = out.size();
  out.push_back(static_cast<std::uint8_t>(transaction >> 8));
  out.push_back(static_cast<std::uint8_t>(transaction & 0xFF));
  out.insert(out.end(), {0, 0, 0, 0});  // protocol; length, filled in below
  out.push_back(request.unit);
  append_request(request, out);
  out[begin + 5] = static_cast<std::uint8_t>(out.size() - begin - 6);  // requests are far below 256 bytes
}

TcpHead tcp_head(std::span<const std::uint8_t> bytes) {
  TcpHead head;
  head.transaction = word_at(bytes, 0);
  head.protocol = word_at(bytes, 2);
  head.length = word_at(bytes, 4);
  head.unit = bytes[6];
  return head;
}

}  // namespace congto::modbus
