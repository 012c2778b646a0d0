// Refusals: what the broker refused on one topic, and how long to wait before the next try there.
// Pure; used by Delivery and Outbox.
#pragma once

#include <chrono>
#include <string>

#include "drivers/core/clock.hpp"

namespace congto::uplink {

class Refusals {
 public:
  // A batch refused with this reason code: the pause doubles from 5 s to 10 min.
  void refused(int reason, BootTime now);
  void taken();  // a batch that was not refused
  void clear() { taken(); }

  int reason() const { return times_ == 0 ? 0 : reason_; }  // of the last one; 0 when all is well
  bool ready(BootTime now) const { return now >= until_; }
  // "the broker refuses up/data: not authorized (0x87), 3 times in a row"; empty when all is well.
  std::string text(const std::string& topic) const;

 private:
  int times_ = 0;
  int reason_ = 0;
  std::chrono::seconds pause_{0};
  BootTime until_;
};

}  // namespace congto::uplink
