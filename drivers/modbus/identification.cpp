// See identification.hpp. Sections named here are of Modbus Application Protocol V1.1b3.
#include "drivers/modbus/identification.hpp"

#include <utility>

namespace congto::modbus {
namespace {

std::string printable(std::span<const std::uint16_t> bytes) {
  std::string text;
  for (const std::uint16_t byte : bytes) {
    if (byte >= 0x20 && byte < 0x7F) text += static_cast<char>(byte);
  }
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

}  // namespace

Request server_id_request(UnitId unit) { return Request{unit, Function::report_server_id, 0, 1}; }

Request device_identification_request(UnitId unit, std::uint8_t object) {
  constexpr std::uint16_t basic = 1;
  return Request{unit, Function::read_device_identification, object, basic};
}

// Section 6.13: byte count, then what the maker likes.
Result<ServerId> parse_server_id(std::span<const std::uint16_t> words) {
  if (words.size() < 2) return Error{"server id: the reply names nothing"};
  if (words[0] != words.size() - 1) return Error{"server id: the byte count does not match the reply"};
  ServerId found;
  found.id = static_cast<std::uint8_t>(words[1]);
  auto rest = words.subspan(2);
  if (!rest.empty() && (rest[0] == 0x00 || rest[0] == 0xFF)) {
    found.running = rest[0] == 0xFF;
    rest = rest.subspan(1);
  }
  found.text = printable(rest);
  return found;
}

// Section 6.21: MEI type, kind of access, conformity, more follows (0x00 or 0xFF), next object, number of
// objects, then number, length and bytes of each.
Result<DeviceIdentification> parse_device_identification(std::span<const std::uint16_t> words) {
  constexpr std::size_t head = 6;
  if (words.size() < head || words[0] != 14) return Error{"device identification: no reply of this kind"};
  DeviceIdentification found;
  if (words[3] == 0xFF) found.next_object = static_cast<std::uint8_t>(words[4]);
  std::size_t at = head;
  for (unsigned object = 0; object < words[5]; ++object) {
    if (words.size() < at + 2 || words.size() < at + 2 + words[at + 1]) {
      return Error{"device identification: object " + std::to_string(object + 1) + " of " +
                   std::to_string(words[5]) + " is cut short"};
    }
    const std::string text = printable(words.subspan(at + 2, words[at + 1]));
    switch (words[at]) {
      case 0:
        found.vendor = text;
        break;
      case 1:
        found.product = text;
        break;
      case 2:
        found.revision = text;
        break;
      default:
        found.more_objects[static_cast<std::uint8_t>(words[at])] = text;
    }
    at += 2u + words[at + 1];
  }
  return found;
}

}  // namespace congto::modbus
