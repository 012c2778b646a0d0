// The broker's address: two schemes, a host, an optional port, and nothing else.
#include "agent/mqtt/address.hpp"

#include <charconv>

namespace congto::mqtt {

namespace {

Error bad(std::string_view text, const std::string& why) {
  return Error{"broker \"" + std::string(text) + "\": " + why +
               "; write mqtts://HOST:8883 (TLS) or mqtt://HOST:1883"};
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_';
}

}  // namespace

std::string Address::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Address> parse_address(std::string_view text) {
  // A user or password here would end up in logs and process lists.
  if (text.find('@') != std::string_view::npos) {
    return Error{"broker: user and password do not belong in the address; use username and password-file"};
  }
  std::string_view rest = text;
  Address address;
  if (take(rest, "mqtts://")) {
    address.tls = true;
  } else if (!take(rest, "mqtt://")) {
    return bad(text, "it does not begin with mqtt:// or mqtts://");
  }
  if (rest.starts_with('[')) {
    const std::size_t end = rest.find(']');
    if (end == std::string_view::npos) return bad(text, "the bracket of the IPv6 address is not closed");
    address.host = std::string(rest.substr(1, end - 1));
    rest.remove_prefix(end + 1);
    const std::string digits = address.host.substr(0, address.host.find('%'));  // then a zone: %eth0
    if (digits.find_first_not_of("0123456789abcdefABCDEF:.") != std::string::npos) {
      return bad(text, "what stands in brackets is not an IPv6 address");
    }
  } else {
    std::size_t length = 0;
    while (length < rest.size() && host_character(rest[length])) ++length;
    address.host = std::string(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  if (address.host.empty()) return bad(text, "the host is missing");
  address.port = address.tls ? 8883 : 1883;
  if (rest.empty()) return address;
  if (!take(rest, ":")) return bad(text, "\"" + std::string(rest) + "\" after the host is not a port");
  const char* end = rest.data() + rest.size();
  const auto [stop, error] = std::from_chars(rest.data(), end, address.port);
  if (error != std::errc{} || stop != end || address.port == 0) {
    return bad(text, "the port must be a number from 1 to 65535");
  }
  return address;
}

}  // namespace congto::mqtt
