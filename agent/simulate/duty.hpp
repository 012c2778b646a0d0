// Duty: the running and pausing of one machine, second by second, as its thermostat, float or people want it.
// Pure but for its random numbers; used for loads and for flows.
#pragma once

#include "agent/simulate/load_character.hpp"
#include "agent/simulate/random.hpp"

namespace congto::simulate {

struct Demand {
  double share = 0;       // of the rated power or flow; 0 while it pauses
  bool starting = false;  // inrush
};

class Duty {
 public:
  Duty(Span on_seconds, Span off_seconds, Span load, double start_seconds, DayPattern pattern, Random random);

  // What it draws during the next `seconds`. Runs and pauses end only at such steps.
  Demand step(double seconds, double hour);

 private:
  bool runs_through() const { return off_.high <= 0; }
  void begin(bool running, double wanted_now);

  Span on_, off_, load_;
  double start_seconds_;
  DayPattern pattern_;
  Random random_;
  Drift drift_{0.02, 20};
  bool running_ = true;
  double left_ = 0;      // seconds of this run or pause
  double starting_ = 0;  // seconds of inrush left
  double level_ = 0;     // share of this run
};

}  // namespace congto::simulate
