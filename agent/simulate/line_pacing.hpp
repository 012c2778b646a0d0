// LinePacing: when bytes are on a serial line that a pty only pretends to be: a pty hands a request over
// whole and at once, a line takes a character time for each byte. Pure: the time is handed in, deadlines are
// absolute.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>

#include "drivers/modbus/line.hpp"

namespace congto::simulate {

using LineTime = std::chrono::steady_clock::time_point;

// One reply on its way.
struct Transmission {
  LineTime start;  // of its first character
  std::size_t bytes = 0;
};

class LinePacing {
 public:
  // adapter 0: every byte is handed over as it comes.
  LinePacing(const modbus::SerialSettings& settings, std::chrono::nanoseconds turnaround,
             std::chrono::nanoseconds adapter);

  // Bytes of a master that came at `now`; they are on the line until busy_until(). For the first bytes of a
  // frame: the silence before it (negative if it ran into something), nothing if the line was never used.
  std::optional<std::chrono::nanoseconds> heard(LineTime now, std::size_t bytes, bool begins_frame);
  bool too_early(std::chrono::nanoseconds silence) const { return silence < silence_; }

  // The reply to the bytes heard last. It waits for a reply that is still on its way: meters cannot know of
  // each other, but two frames mixed byte by byte would only be the noise that another fault makes.
  Transmission reply(std::size_t bytes, std::chrono::nanoseconds delay);

  // How many of its bytes the adapter has handed over at `now`, and when it hands over the next ones.
  std::size_t visible(const Transmission& transmission, LineTime now) const;
  LineTime next_delivery(const Transmission& transmission, std::size_t delivered) const;
  LineTime end(const Transmission& transmission) const {
    return transmission.start + on_wire(transmission.bytes);
  }
  LineTime delivered(const Transmission& transmission) const;

  // The least time of an exchange: request, turnaround, reply, silence.
  std::chrono::nanoseconds exchange_time(std::size_t request_bytes, std::size_t reply_bytes) const;
  LineTime busy_until() const { return request_end_; }
  std::chrono::nanoseconds silence() const { return silence_; }

 private:
  std::chrono::nanoseconds on_wire(std::size_t bytes) const { return character_ * bytes; }

  std::chrono::nanoseconds character_;
  std::chrono::nanoseconds silence_;
  std::chrono::nanoseconds turnaround_;
  std::chrono::nanoseconds adapter_;
  bool used_ = false;
  LineTime request_end_{};  // of the last byte heard
  LineTime reply_start_{};  // of the last reply
  LineTime reply_end_{};
  LineTime earlier_reply_end_{};  // of the reply before it
};

}  // namespace congto::simulate
