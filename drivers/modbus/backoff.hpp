// Backoff: when a port or host that could not be reached is tried again: after 1 s, doubling to 30 s.
// Pure, the time is handed in. Used by the links.
#pragma once

#include <algorithm>
#include <chrono>

#include "drivers/core/clock.hpp"

namespace congto::modbus {

class Backoff {
 public:
  static constexpr std::chrono::seconds first{1};
  static constexpr std::chrono::seconds longest{30};

  bool may_try(BootTime now) const { return now >= next_; }
  BootTime next() const { return next_; }
  void failed(BootTime now) {
    next_ = now + delay_;
    delay_ = std::min<std::chrono::microseconds>(2 * delay_, longest);
  }
  // Something answered: the next failure begins at the shortest delay again.
  void reset() {
    delay_ = first;
    next_ = BootTime::min();
  }

 private:
  std::chrono::microseconds delay_ = first;
  BootTime next_ = BootTime::min();
};

}  // namespace congto::modbus
