// MeterAbout: what is known of a meter besides its readings: what its info points said and which points its
// unit refuses; when to ask for it, and whether it is news. Used by the bus poller; the clock is handed in.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/poll/unit_health.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/meter/meter_plan.hpp"
#include "drivers/meter/poll_run.hpp"
#include "drivers/meter/site.hpp"

namespace congto::poll {

class MeterAbout {
 public:
  using Info = std::vector<std::pair<std::string, std::string>>;  // point name and value

  MeterAbout(const meter::Meter& meter, const meter::Bus& bus);

  // Info is read at start, daily and when the unit returned; what stays without answer is asked again after
  // 1 min, doubling to a day.
  bool info_due(BootTime now) const;
  meter::MeterPlan& begin_info();
  void take_info(const meter::PollRun::Outcome& outcome, BootTime now);
  void unit_returned() { wanted_ = !plan_.points().empty(); }
  const Info& info() const { return info_; }

  // The names of the points that the unit refuses, when they or the info differ from what was told last.
  std::optional<std::vector<std::string>> news(const meter::MeterPlan& readings);

 private:
  meter::MeterPlan plan_;
  bool wanted_;
  UnitHealth health_;
  std::optional<BootTime> read_at_;
  Info info_;
  bool info_told_ = true;
  std::vector<std::string> refused_told_;
};

}  // namespace congto::poll
