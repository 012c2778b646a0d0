// Why an exchange with a unit gave no reply, and how far the trouble reaches.
// Failures are values: link, poll and commands decide by kind and severity, never by text.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <boost/system/result.hpp>

#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

enum class FailureKind : std::uint8_t {
  timeout,    // nothing that counts as the reply came before the deadline
  crc,        // a reply came, damaged (RTU checksum)
  bad_reply,  // a whole, undamaged frame that cannot be the answer to the request (length, byte count,
              // function)
  exception,  // the unit (or gateway) answered with an exception code
  no_link,    // the port cannot be opened, the connection is refused or was closed
};

// How far it reaches: what the poller does next follows from this alone.
enum class Severity : std::uint8_t {
  point,  // exceptions 1-3: these registers, not the unit
  retry,  // exceptions 5 and 6: the unit is there and busy
  unit,   // timeout, crc, bad reply, exceptions 4, 8 and 11: this unit
  bus,    // no link, exception 10: everything behind this port or gateway
};

struct Failure {
  FailureKind kind = FailureKind::timeout;
  std::uint8_t exception = 0;  // 1-255 when kind is exception
  std::string detail;          // for people: what was seen ("CRC wrong: got 12 34, computed 56 78")

  Severity severity() const;
  // The word of contract.md for a point's quality: "timeout", "crc", "exception-2", "bad-reply", "no-link".
  std::string word() const;
};

[[noreturn]] inline void throw_exception_from_error(const Failure& failure, const boost::source_location&) {
  throw std::logic_error("value of a failed exchange: " + failure.word());
}

template <class T>
using Exchanged = boost::system::result<T, Failure>;

}  // namespace congto::modbus
