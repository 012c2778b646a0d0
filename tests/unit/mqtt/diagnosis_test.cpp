// What is told when the broker refuses: what happened, and what to do.
#include "agent/mqtt/diagnosis.hpp"

#include <string>

#include "agent/mqtt/client.hpp"
#include "tests/support/catch.hpp"

using namespace congto;

namespace {
const mqtt::Address broker{true, "centre.example", 8883};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

TEST_CASE("a reason code is told by name and number") {
  CHECK(mqtt::reason_text(0x87) == "not authorized (0x87)");
  CHECK(mqtt::reason_text(0x95) == "packet too large (0x95)");
  CHECK(mqtt::reason_text(0xF0) == "unknown reason (0xf0)");
}

TEST_CASE("refused credentials are told by what was used: password, certificate, nothing") {
  for (const int reason : {0x86, 0x87}) {
    CHECK(says(mqtt::refusal_text(broker, reason, true, true), "check username and password-file"));
    CHECK(says(mqtt::refusal_text(broker, reason, false, true), "certificate"));
    CHECK(says(mqtt::refusal_text(broker, reason, false, false), "wants credentials"));
  }
}

TEST_CASE("every refusal names the broker and the reason code") {
  for (int reason = 0x80; reason < 0xA3; ++reason) {
    const std::string text = mqtt::refusal_text(broker, reason, false, false);
    INFO(text);
    CHECK(says(text, "centre.example:8883"));
    CHECK(says(text, mqtt::reason_text(reason)));
  }
}

TEST_CASE("a name that is used twice is told as that") {
  CHECK(says(mqtt::refusal_text(broker, 0x8E, false, false), "names must be unique"));
}
