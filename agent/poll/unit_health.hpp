// UnitHealth: whether a unit may be asked now. Kept per (bus, unit id) and for each bus as a whole; a silent
// unit costs its neighbours at most one timeout per back-off step. Pure; the clock is handed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/failure.hpp"

namespace congto::poll {

class UnitHealth {
 public:
  // The pause after the first failure; it doubles with each further one, up to the longest.
  UnitHealth(std::chrono::milliseconds first, std::chrono::milliseconds longest);

  void answered();
  // A damaged reply is noise before it is a dead unit: only the third in a row begins a back-off.
  void failed(const modbus::Failure& failure, BootTime now);

  bool ready(BootTime now) const { return now >= retry_at_; }
  BootTime retry_at() const { return retry_at_; }
  bool healthy() const { return failures_ == 0; }
  std::uint64_t failures() const { return failures_; }       // polls in a row
  BootTime failing_since() const { return failing_since_; }  // while not healthy
  const std::string& last_failure() const { return last_failure_; }

 private:
  std::chrono::milliseconds first_, longest_;
  std::chrono::milliseconds pause_{0};
  BootTime retry_at_{};
  std::uint64_t failures_ = 0;
  BootTime failing_since_{};
  std::string last_failure_;
};

}  // namespace congto::poll
