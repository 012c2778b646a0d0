// The pause of a lane whose batches are refused.
#include "agent/uplink/refusals.hpp"

#include <algorithm>

#include "agent/mqtt/client.hpp"

namespace congto::uplink {

namespace {
constexpr std::chrono::seconds first_pause{5};
constexpr std::chrono::seconds last_pause{600};
}  // namespace

void Refusals::refused(int reason, BootTime now) {
  ++times_;
  reason_ = reason;
  if (now < until_) return;  // refused together with the one before: one pause for both
  pause_ = pause_.count() == 0 ? first_pause : std::min(pause_ * 2, last_pause);
  until_ = now + pause_;
}

void Refusals::taken() {
  times_ = 0;
  pause_ = std::chrono::seconds(0);
  until_ = BootTime();
}

std::string Refusals::text(const std::string& topic) const {
  if (times_ == 0) return {};
  return "the broker refuses " + topic + ": " + mqtt::reason_text(reason_) + ", " + std::to_string(times_) +
         (times_ == 1 ? " time" : " times in a row");
}

}  // namespace congto::uplink
