// A clock that a test moves by hand. Boot time starts at 1000 s; wall time at 2026-03-01 00:00:00 UTC.
#pragma once

#include <chrono>

#include "drivers/core/clock.hpp"

namespace congto::test {

class ManualClock final : public Clock {
 public:
  BootTime boot() const override { return boot_; }
  WallTime wall() const override { return wall_; }

  void advance(std::chrono::microseconds by) {
    boot_ += by;
    wall_ += by;
  }
  // The wall clock alone moves: a step.
  void step(std::chrono::microseconds by) { wall_ += by; }

 private:
  BootTime boot_{std::chrono::seconds(1000)};
  WallTime wall_{std::chrono::seconds(1'772'323'200)};
};

}  // namespace congto::test
