// The broker's address: what is taken, and what is refused with a reason.
#include "agent/mqtt/address.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace congto;

TEST_CASE("an address has a scheme, a host and a port") {
  const auto tls = mqtt::parse_address("mqtts://centre.example:8884");
  REQUIRE(tls.has_value());
  CHECK(*tls == mqtt::Address{true, "centre.example", 8884});
  const auto plain = mqtt::parse_address("mqtt://10.0.0.5:1884");
  REQUIRE(plain.has_value());
  CHECK(*plain == mqtt::Address{false, "10.0.0.5", 1884});
}

TEST_CASE("without a port the usual one counts") {
  CHECK(mqtt::parse_address("mqtt://centre")->port == 1883);
  CHECK(mqtt::parse_address("mqtts://centre")->port == 8883);
}

TEST_CASE("an IPv6 address stands in brackets") {
  const auto address = mqtt::parse_address("mqtt://[fe80::1%eth0]:1883");
  REQUIRE(address.has_value());
  CHECK(address->host == "fe80::1%eth0");
  CHECK(address->text() == "[fe80::1%eth0]:1883");
}

TEST_CASE("anything else is refused, and the text says what to write") {
  for (const std::string text :
       {"", "centre", "centre:1883", "tcp://centre:1883", "MQTT://centre", "mqtt://", "mqtt://:1883",
        "mqtt://centre:", "mqtt://centre:0", "mqtt://centre:65536", "mqtt://centre:1883/",
        "mqtt://centre:12x", "mqtt://cen tre", "mqtt://[::1", "mqtt://[centre]", "mqtt://centre/path"}) {
    INFO(text);
    const auto address = mqtt::parse_address(text);
    REQUIRE_FALSE(address.has_value());
    CHECK(address.error().message.find("mqtts://HOST:8883") != std::string::npos);
  }
}

TEST_CASE("a password in the address is refused and not repeated") {
  const auto address = mqtt::parse_address("mqtt://agent:s3cret@centre:1883");
  REQUIRE_FALSE(address.has_value());
  CHECK(address.error().message.find("s3cret") == std::string::npos);
  CHECK(address.error().message.find("password-file") != std::string::npos);
}

TEST_CASE("a password in an address of any kind is not told") {
  for (const std::string scheme : {"mqtts://", "mqtt://", "http://", ""}) {
    const auto parsed = mqtt::parse_address(scheme + "user:s3cret@host:8883");
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().message.find("s3cret") == std::string::npos);
    CHECK(parsed.error().message.find("password-file") != std::string::npos);
  }
}
