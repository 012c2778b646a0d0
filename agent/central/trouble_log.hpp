// TroubleLog: what agents do wrong, for the log: each text once, then how often more, so that a box gone
// wrong does not fill the disk. Pure; the clock is handed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"

namespace congto::central {

class TroubleLog {
 public:
  static constexpr std::chrono::minutes period{10};
  static constexpr std::size_t most = 100;     // different texts a period; the rest is only counted
  static constexpr std::size_t longest = 600;  // of a text: agents choose what stands in it

  // The line to log now; empty when this text was logged within the period.
  std::string add(const std::string& whole, BootTime now);
  // What came again within the period that has ended: call now and then.
  std::vector<std::string> tick(BootTime now);

 private:
  std::map<std::string, std::uint64_t> again_;
  std::uint64_t more_ = 0;
  BootTime began_;
};

}  // namespace congto::central
