// "Is the clock known?": from what the kernel, NTP and the centre say to the offset that dates samples.
// Pure decisions; kernel_clock.hpp does the system calls. One thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "drivers/core/clock.hpp"

namespace congto::timing {

// Where an offset came from; a better source replaces a worse one, never the other way round in one boot.
enum class Source { none, centre, ntp, configured };

struct Offset {
  std::chrono::microseconds wall_minus_boot{0};
  std::chrono::milliseconds error{0};
  Source source = Source::none;
  bool operator==(const Offset&) const = default;
};

// A year that a centre can have: none that a server without a set clock or with a broken one has.
bool believable(WallTime now);

// What the kernel tells at one instant (adjtimex, CLOCK_REALTIME, CLOCK_BOOTTIME).
struct KernelView {
  BootTime boot;
  WallTime wall;
  bool synchronised = false;  // NTP disciplines the clock (STA_UNSYNC clear and maxerror < 1 s)
  std::chrono::milliseconds max_error{0};
};

class TimeKeeper {
 public:
  // trust_clock: the site says `clock = "trusted"` (a host that keeps time without telling the kernel).
  explicit TimeKeeper(bool trust_clock) : trust_(trust_clock) {}

  // Call at start, on every step of the clock, and every ten minutes. Gives the offset when it is new: first
  // known, better source, or moved by more than 250 ms (a step that NTP stands behind).
  std::optional<Offset> observe(const KernelView& view);
  // `now` of a down/ack; `round_trip` bounds the error. Counts only while nothing better is known, and if it
  // is believable.
  std::optional<Offset> centre_says(WallTime now, BootTime at, std::chrono::milliseconds round_trip);

  const std::optional<Offset>& offset() const { return offset_; }
  std::string describe() const;  // for status: "ntp, error 12 ms", "unknown: samples wait"

 private:
  std::optional<Offset> adopt(Offset offset);
  bool trust_;
  std::optional<Offset> offset_;
};

}  // namespace congto::timing
