// See request_length.hpp. Lengths: Modbus Application Protocol V1.1b3, section 6.
#include "agent/simulate/request_length.hpp"

namespace congto::simulate {

std::optional<std::size_t> rtu_request_length(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t unit_and_crc = 3;
  if (bytes.size() < 2) return std::nullopt;
  switch (bytes[1]) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6:
    case 8:
      return unit_and_crc + 5;
    case 7:
    case 11:
    case 12:
    case 17:
      return unit_and_crc + 1;
    case 15:
    case 16:  // function, address, count, byte count, bytes
      if (bytes.size() < 7) return std::nullopt;
      return unit_and_crc + 6 + bytes[6];
    case 22:
      return unit_and_crc + 7;
    case 23:
      if (bytes.size() < 11) return std::nullopt;
      return unit_and_crc + 10 + bytes[10];
    case 24:
      return unit_and_crc + 3;
    case 43:
      return unit_and_crc + 4;
    default:
      return 0;
  }
}

}  // namespace congto::simulate
