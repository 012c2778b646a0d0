// Address: where the broker is, from "mqtt://host:port" or "mqtts://host:port". Pure; used by the site reader
// and by the client.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/core/error.hpp"

namespace congto::mqtt {

struct Address {
  bool tls = false;
  std::string host;  // a name, an IPv4 address, or an IPv6 address without its brackets
  std::uint16_t port = 0;

  std::string text() const;  // "host:port", IPv6 in brackets
  bool operator==(const Address&) const = default;
};

// 1883 and 8883 where no port is given. Errors say what was expected.
Result<Address> parse_address(std::string_view text);

}  // namespace congto::mqtt
