// What each kind of failure is called, and how far it reaches.
#include "drivers/modbus/failure.hpp"

#include "tests/support/catch.hpp"

using namespace congto::modbus;

namespace {

Failure exception(unsigned code) {
  return Failure{FailureKind::exception, static_cast<std::uint8_t>(code), ""};
}

}  // namespace

TEST_CASE("a failure has the word of the contract") {
  CHECK(Failure{FailureKind::timeout, 0, ""}.word() == "timeout");
  CHECK(Failure{FailureKind::crc, 0, ""}.word() == "crc");
  CHECK(Failure{FailureKind::bad_reply, 0, ""}.word() == "bad-reply");
  CHECK(Failure{FailureKind::no_link, 0, ""}.word() == "no-link");
  CHECK(exception(2).word() == "exception-2");
  CHECK(exception(255).word() == "exception-255");
}

TEST_CASE("a silent or damaged unit is the unit's trouble, a lost link the bus's") {
  CHECK(Failure{FailureKind::timeout, 0, ""}.severity() == Severity::unit);
  CHECK(Failure{FailureKind::crc, 0, ""}.severity() == Severity::unit);
  CHECK(Failure{FailureKind::bad_reply, 0, ""}.severity() == Severity::unit);
  CHECK(Failure{FailureKind::no_link, 0, ""}.severity() == Severity::bus);
}

TEST_CASE("an exception reaches as far as its code says") {
  for (const unsigned code : {1u, 2u, 3u}) CHECK(exception(code).severity() == Severity::point);
  for (const unsigned code : {5u, 6u}) CHECK(exception(code).severity() == Severity::retry);
  CHECK(exception(10).severity() == Severity::bus);
  for (const unsigned code : {4u, 7u, 8u, 9u, 11u, 12u, 255u})
    CHECK(exception(code).severity() == Severity::unit);
}
