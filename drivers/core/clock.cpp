// Reads CLOCK_BOOTTIME, for which the standard library has no clock.
#include "drivers/core/clock.hpp"

#include <ctime>

namespace congto {

BootTime BootClock::now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return BootTime(std::chrono::seconds(now.tv_sec) + std::chrono::microseconds(now.tv_nsec / 1000));
}

}  // namespace congto
