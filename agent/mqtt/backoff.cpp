// Growing, jittered pauses between attempts to connect.
#include "agent/mqtt/backoff.hpp"

#include <algorithm>

namespace congto::mqtt {

Backoff::Duration Backoff::after_failure(double random) {
  const Duration pause = std::min(next_, last_);
  next_ = std::min(pause * 2, last_);
  return pause / 2 + std::chrono::duration_cast<Duration>((pause - pause / 2) * random);
}

Backoff::Duration Backoff::after_taken_over(Duration least, double random) {
  next_ = std::min(next_ * 2, last_);
  return least + std::chrono::duration_cast<Duration>(least * random);
}

}  // namespace congto::mqtt
