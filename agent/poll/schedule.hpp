// Schedule: when each meter of one bus is due. Slots lie on wall-clock multiples of the interval, since bills
// need quarter hours, and are counted on the boot clock, which never steps. Pure; the clock is handed in.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "drivers/core/clock.hpp"

namespace congto::poll {

// A meter whose turn it is.
struct Due {
  std::size_t meter = 0;
  BootTime slot;  // the newest slot that has come; the poll is for this one
  // Slots before it that nobody polled.
  std::uint64_t missed = 0;
  BootTime missed_from, missed_to;
};

class Schedule {
 public:
  // One interval a meter.
  explicit Schedule(std::vector<std::chrono::milliseconds> intervals);

  // Lays the slots on wall-clock multiples (Unix time, UTC). Call at start and whenever the clock was
  // stepped. The first slot of a meter that was polled before is the first one after its last: none goes
  // uncounted.
  void align(BootTime now, WallTime wall);

  // The meter that has waited longest, of those for which `ready[meter]`; nothing if none is due. A taken
  // meter's slot is used up: it is due again at its next slot, so a meter is never queued twice.
  std::optional<Due> take(BootTime now, const std::vector<bool>& ready);
  // When the next of the ready meters is due; nothing when none is ready.
  std::optional<BootTime> next(const std::vector<bool>& ready) const;

  // All slots of `meter` that have come and were not polled, used up without a poll (at a clean stop).
  std::optional<Due> give_up(std::size_t meter, BootTime now);

 private:
  struct Meter {
    std::chrono::microseconds every{0};
    BootTime next;
    std::optional<BootTime> last;
  };
  static Due use_up(std::size_t index, Meter& meter, BootTime now);
  std::vector<Meter> meters_;
  std::optional<BootTime> begun_;
};

}  // namespace congto::poll
