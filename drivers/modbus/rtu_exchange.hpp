// RtuExchange: one request and the search for its reply in the bytes of a line, as a sans-I/O machine.
// Used by rtu_line for serial ports and RTU over TCP. Bytes and times are handed in; it reads no clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::modbus {

// Whether the line gives our own requests back (two-wire adapters that hear themselves).
enum class Echo : std::uint8_t { unknown, yes, no };

// A damaged frame is given up when the line has then been silent for so long: longer than the 16 ms for which
// an FTDI adapter keeps bytes back by default (reliability.md 4.1).
inline constexpr std::chrono::milliseconds end_of_garbage{20};

class RtuExchange {
 public:
  // Begins anew. Throws std::invalid_argument where rtu_objection() speaks.
  void begin(const Request& request, Echo echo);
  // The bytes to send.
  std::span<const std::uint8_t> frame() const { return frame_; }

  // Bytes as they came. Everything before and after the reply is skipped and becomes stray.
  void feed(std::span<const std::uint8_t> bytes, BootTime now);
  // The reply is there: nothing more to wait for.
  bool done() const { return outcome_ != Outcome::waiting; }
  // When a damaged frame for us is in, or an exception, which counts only with silence behind it: the end of
  // waiting if nothing more comes.
  std::optional<BootTime> garbage_ends() const;
  // The outcome, once: when done, at the deadline, or when the garbage ended. `request_left`: when the last
  // byte of the request had left. Of what never fitted it says what was seen.
  Exchanged<Reply> finish(BootTime request_left);

  // What is known of the line's echo after this exchange.
  Echo echo() const { return echo_; }
  // Bytes that were neither echo nor reply: all of them after finish(); at most the first 32 KiB are kept.
  std::span<const std::uint8_t> stray() const { return stray_; }
  std::uint64_t stray_bytes() const { return stray_bytes_; }

 private:
  enum class Outcome : std::uint8_t { waiting, reply, exception };
  enum class Step : std::uint8_t { hold, next_byte, again };

  void scan(bool nothing_more_comes);
  Step look(std::span<const std::uint8_t> rest, bool nothing_more_comes);
  std::optional<Step> look_for_echo(std::span<const std::uint8_t> rest, bool nothing_more_comes);
  Step look_at_exception(std::span<const std::uint8_t> rest, std::size_t bytes, bool nothing_more_comes);
  void damaged(std::size_t bytes, std::string how);
  void accept(std::span<const std::uint8_t> frame);
  void skip(std::size_t bytes);
  void pass(std::size_t bytes);
  Failure why_nothing_fits() const;

  Request request_;
  std::vector<std::uint8_t> frame_;
  std::vector<std::uint8_t> received_;  // not looked at yet begins at at_
  std::size_t at_ = 0;
  std::vector<std::uint8_t> stray_;
  std::uint64_t stray_bytes_ = 0;
  Echo echo_ = Echo::unknown;
  bool echo_stripped_ = false;
  Outcome outcome_ = Outcome::waiting;
  Reply reply_;
  std::uint8_t exception_ = 0;
  bool exception_waits_ = false;  // for the silence behind it
  BootTime last_byte_;
  std::uint64_t looked_at_ = 0;      // bytes of this exchange that are done with
  std::uint64_t damaged_until_ = 0;  // how far a damaged frame for us reached, in the same count
  std::string damage_;               // what was wrong with a frame for us; empty: none came
};

}  // namespace congto::modbus
