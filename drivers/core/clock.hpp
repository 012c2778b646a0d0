// The two clocks of the agent: boot time, which never steps and stamps readings, and wall time, which may.
// Decisions take the time as an argument or a Clock by reference; only SystemClock asks the kernel.
#pragma once

#include <chrono>

namespace congto {

// CLOCK_BOOTTIME in microseconds since boot: counts suspend, is never stepped (clock_gettime(2)).
struct BootClock {
  using duration = std::chrono::microseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};
using BootTime = BootClock::time_point;

// CLOCK_REALTIME, UTC. Kept in microseconds so that a boot-time offset is exact; published in milliseconds.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual BootTime boot() const = 0;
  virtual WallTime wall() const = 0;
};

// Thread-safe.
class SystemClock final : public Clock {
 public:
  BootTime boot() const override { return BootClock::now(); }
  WallTime wall() const override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace congto
