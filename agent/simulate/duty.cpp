// See duty.hpp.
#include "agent/simulate/duty.hpp"

#include <algorithm>

namespace congto::simulate {

Duty::Duty(Span on_seconds, Span off_seconds, Span load, double start_seconds, DayPattern pattern,
           Random random)
    : on_(on_seconds),
      off_(off_seconds),
      load_(load),
      start_seconds_(start_seconds),
      pattern_(pattern),
      random_(random) {
  level_ = random_.between(load_.low, load_.high);
  if (!runs_through()) {
    // The plant is found in the middle of its work, each machine somewhere else in its cycle.
    running_ = random_.uniform() < on_.high / (on_.high + off_.high);
    left_ = random_.uniform() * (running_ ? on_.high : off_.high);
  }
}

void Duty::begin(bool running, double wanted_now) {
  running_ = running;
  if (running) {
    left_ = random_.between(on_.low, on_.high);
    level_ = random_.between(load_.low, load_.high);
    starting_ = start_seconds_;
  } else {
    // Less wanted: longer pauses. At least 5 % wanted, so that a pause ends within the day.
    left_ = random_.between(off_.low, off_.high) / std::max(0.05, wanted_now);
  }
}

Demand Duty::step(double seconds, double hour) {
  const double now_wanted = wanted(pattern_, hour);
  if (!runs_through()) {
    left_ -= seconds;
    if (left_ <= 0) begin(!running_, now_wanted);
  }
  if (!running_) return {};
  const double drift = drift_.step(seconds, random_);
  if (starting_ > 0) {
    starting_ -= seconds;
    return {level_, true};
  }
  // What runs through follows the day by its load instead of by pauses.
  const double level = runs_through() ? load_.low + (load_.high - load_.low) * now_wanted : level_;
  return {std::max(0.0, level * (1 + drift)), false};
}

}  // namespace congto::simulate
