// The I/O of one exchange, the same for serial ports and sockets: wait for the line's turn, send, read until
// the exchange has its outcome. Used by serial_link and tcp_link; the decisions are in the machines they
// pass.
#pragma once

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/awaitable.hpp>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/rtu_line.hpp"
#include "drivers/modbus/timed_stream.hpp"

namespace congto::modbus {

// A link is lost with this: severity bus. The text is the system's, with what it means where that is known.
Failure link_failure(const boost::system::error_code& error);
// A request that objection() refuses: a mistake of the caller's, reported rather than sent.
Failure not_sendable(const std::string& objection);
void count_outcome(const Exchanged<Reply>& outcome, LinkCounters& counters);

// How long unasked bytes may put off a request before that is a failure.
inline constexpr std::chrono::seconds longest_wait_for_silence{1};
// Of the whole line where it never falls silent; only of the unit where it is the quarantine that never ends.
Failure never_its_turn(RtuLine& line, UnitId unit, bool was_silent, BootTime now);

// Takes what lies in the stream's buffer; nothing of it belongs to an exchange. A peer that floods leaves
// some behind: the line is not silent then, and the caller waits and comes again.
template <class Stream>
std::optional<Failure> hear(TimedStream<Stream>& stream, RtuLine& line, const Clock& clock,
                            LinkCounters& counters) {
  constexpr int reads_at_once = 16;  // 8 KiB: what a tty keeps, twice
  for (int i = 0; i < reads_at_once; ++i) {
    boost::system::error_code error;
    const auto bytes = stream.read_what_is_there(error);
    if (error) return link_failure(error);
    if (bytes.empty()) break;
    counters.bytes_received += bytes.size();
    line.heard(bytes, clock.boot());
  }
  return std::nullopt;
}

// Returns when silence, pause and quarantine allow a request to the unit, with nothing left unread.
template <class Stream>
boost::asio::awaitable<std::optional<Failure>> wait_for_turn(std::shared_ptr<TimedStream<Stream>> stream,
                                                             RtuLine& line, UnitId unit, const Clock& clock,
                                                             LinkCounters& counters) {
  std::optional<Failure> failure = hear(*stream, line, clock, counters);
  const BootTime begin = clock.boot();
  const BootTime latest = std::max(begin, line.may_send_at(unit)) + longest_wait_for_silence;
  bool was_silent = false;
  while (!failure && line.may_send_at(unit) > clock.boot()) {
    const bool silent = line.silent_from() <= clock.boot();
    was_silent = was_silent || silent;
    if (clock.boot() > latest) {
      failure = never_its_turn(line, unit, was_silent, clock.boot());
      break;
    }
    co_await stream->wait_until(silent ? line.may_send_at(unit) : line.silent_from());
    failure = hear(*stream, line, clock, counters);
  }
  co_return failure;
}

// Sends machine.frame() and reads until the machine is done or `timeout` after the frame has left, not
// counting the time that the reply itself takes on the wire. A failure of kind no_link means that the stream
// is lost; the machine has no outcome then.
template <class Stream, class Machine>
boost::asio::awaitable<Exchanged<Reply>> run_exchange(std::shared_ptr<TimedStream<Stream>> stream,
                                                      Machine& machine, std::chrono::milliseconds timeout,
                                                      const Clock& clock, LinkCounters& counters) {
  boost::system::error_code error;
  stream->write(machine.frame(), error);
  if (error) co_return link_failure(error);
  ++counters.requests;
  counters.bytes_sent += machine.frame().size();
  const BootTime deadline = machine.sent(clock.boot()) + timeout + machine.reply_time();
  while (!machine.done() && clock.boot() < deadline) {
    const auto bytes = co_await stream->read(machine.wait_until(deadline), error);
    if (error == boost::asio::error::timed_out) break;
    if (error) co_return link_failure(error);
    counters.bytes_received += bytes.size();
    machine.feed(bytes, clock.boot());
  }
  Exchanged<Reply> outcome = machine.finish(clock.boot());
  count_outcome(outcome, counters);
  co_return outcome;
}

}  // namespace congto::modbus
