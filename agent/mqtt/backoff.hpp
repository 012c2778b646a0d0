// Backoff: how long to wait before the next attempt to connect. Pure; the random number is handed in.
#pragma once

#include <chrono>

namespace congto::mqtt {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;
  Backoff(Duration first, Duration last) : first_(first), last_(last), next_(first) {}

  // Doubles from the first pause to the last. `random` (0 to 1) places the pause in its upper half, so that
  // the agents of a region do not come back in step.
  Duration after_failure(double random);
  // For reason 0x8E: at least `least`, at most twice that; and the ordinary pause does not shrink by it.
  Duration after_taken_over(Duration least, double random);
  // The connection held: the next pause is the first again.
  void reset() { next_ = first_; }

 private:
  Duration first_, last_, next_;
};

}  // namespace congto::mqtt
