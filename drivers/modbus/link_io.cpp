// See link_io.hpp.
#include "drivers/modbus/link_io.hpp"

#include <boost/asio/error.hpp>

namespace congto::modbus {

Failure link_failure(const boost::system::error_code& error) {
  std::string detail = error.message();
  if (error == boost::asio::error::eof) detail = "closed by the other side";
  if (error == boost::asio::error::operation_aborted || error == boost::asio::error::bad_descriptor) {
    detail = "closed";
  }
  if (error == boost::asio::error::would_block) detail = "the request could not be sent: the port is stuck";
  return Failure{FailureKind::no_link, 0, detail};
}

Failure not_sendable(const std::string& objection) {
  return Failure{FailureKind::bad_reply, 0, "the request was not sent: " + objection};
}

Failure never_its_turn(RtuLine& line, UnitId unit, bool was_silent, BootTime now) {
  if (was_silent) {
    return Failure{FailureKind::timeout, 0,
                   "unit " + std::to_string(unit) +
                       " was not asked: it owes a reply, and bytes that nobody asked for keep coming"};
  }
  return Failure{FailureKind::no_link, 0,
                 "the line is never silent: " + std::to_string(line.settle(now).bytes) +
                     " bytes came that nobody asked for (another master, noise, or a wrong baud rate)"};
}

void count_outcome(const Exchanged<Reply>& outcome, LinkCounters& counters) {
  if (outcome.has_value()) {
    ++counters.replies;
    return;
  }
  switch (outcome.error().kind) {
    case FailureKind::timeout:
      ++counters.timeouts;
      return;
    case FailureKind::crc:
      ++counters.crc_errors;
      return;
    case FailureKind::exception:
      ++counters.exceptions;
      return;
    case FailureKind::bad_reply:
    case FailureKind::no_link:
      return;  // seen in status by their text
  }
}

}  // namespace congto::modbus
