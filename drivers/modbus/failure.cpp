// See failure.hpp.
#include "drivers/modbus/failure.hpp"

namespace congto::modbus {
namespace {

// Modbus Application Protocol V1.1b3, section 7, and what reliability demands of each (design.md, Modbus).
Severity severity_of_exception(std::uint8_t code) {
  switch (code) {
    case 1:  // illegal function
    case 2:  // illegal data address
    case 3:  // illegal data value
      return Severity::point;
    case 5:  // acknowledge: accepted, takes long
    case 6:  // busy
      return Severity::retry;
    case 10:  // gateway path unavailable: the gateway itself is misconfigured or overloaded
      return Severity::bus;
    default:  // 4 device failure, 8 memory parity, 11 gateway target did not respond, unknown codes
      return Severity::unit;
  }
}

}  // namespace

Severity Failure::severity() const {
  switch (kind) {
    case FailureKind::exception:
      return severity_of_exception(exception);
    case FailureKind::no_link:
      return Severity::bus;
    case FailureKind::timeout:
    case FailureKind::crc:
    case FailureKind::bad_reply:
      break;
  }
  return Severity::unit;
}

std::string Failure::word() const {
  switch (kind) {
    case FailureKind::timeout:
      return "timeout";
    case FailureKind::crc:
      return "crc";
    case FailureKind::bad_reply:
      return "bad-reply";
    case FailureKind::exception:
      return "exception-" + std::to_string(exception);
    case FailureKind::no_link:
      break;
  }
  return "no-link";
}

}  // namespace congto::modbus
