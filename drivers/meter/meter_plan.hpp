// MeterPlan: the read plan of one meter, and what its unit taught us while it was polled. Kept between polls;
// a PollRun reads by it and teaches it. Used by the poller and `read`. The time is handed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/meter/read_plan.hpp"
#include "drivers/meter/sample.hpp"

namespace congto::meter {

class MeterPlan {
 public:
  MeterPlan(std::vector<Point> points, ReadLimits limits, WireCost cost);
  // Over points that another holds too: those of a layout, which an agent need not keep twice.
  MeterPlan(std::shared_ptr<const std::vector<Point>> points, ReadLimits limits, WireCost cost);

  const ReadPlan& reads() const { return plan_; }
  std::span<const Point> points() const { return *points_; }
  const ReadLimits& limits() const { return limits_; }  // as configured, narrowed by what was learned
  const WireCost& cost() const { return cost_; }

  // One a point: the exception code with which the unit refuses it, 0 if it does not.
  const std::vector<std::uint8_t>& refused() const { return refused_; }
  // A point that the unit never gave is left out from now on. One that it gave before may be refused in
  // passing (a meter that starts up, a module being changed): it is left out only after 5 minutes of that.
  void refuse(std::size_t point, std::uint8_t exception, BootTime now);
  void given(std::size_t point);
  // The unit refuses a read over registers that no point wants, though it gives those on either side.
  void forbid_gaps();
  // It refuses longer reads, though it gives their parts.
  void limit_registers(std::uint16_t most);
  // It refuses a read over this address, though it gives both sides and reads of that length elsewhere.
  void cut(modbus::Function function, std::uint32_t at);

  // How many requests one poll may spend on splitting refused blocks: 64, and twice as many after each search
  // that was cut short. None while the unit refuses everything, down to single points: it may be starting up,
  // so every eighth poll searches again.
  std::size_t probes() const;
  void search_ended(bool cut_short, bool anything_good);

  // A read of the plan that stayed unanswered while the unit answered others. From the third poll in a row on
  // it has a pause of its own, 1 min doubling to 24 h; meanwhile its points keep the quality.
  struct Unanswered {
    PlannedRead read;
    Quality quality = Quality::timeout;
    int in_a_row = 0;
    std::chrono::minutes pause{0};
    BootTime retry_at;
  };
  const Unanswered* unanswered(const PlannedRead& read) const;
  void went_unanswered(const PlannedRead& read, Quality quality, BootTime now);
  void answered(const PlannedRead& read);

  // Which read of the plan a poll begins with. Another one after a poll to which nothing was answered, so
  // that a unit that is silent to one read is found alive by the next.
  std::size_t begins_with() const { return begins_with_; }
  void begin_with_another() { ++begins_with_; }

  // Forgets what was learned, so that everything is asked for again (daily, and when the unit returns).
  void reset();
  // Plans anew if something was learned or forgotten since.
  void replan();

 private:
  std::shared_ptr<const std::vector<Point>> points_;
  ReadLimits configured_;
  ReadLimits limits_;
  WireCost cost_;
  std::vector<std::uint8_t> refused_;
  struct History {
    bool given = false;
    std::optional<BootTime> refused_since;
  };
  std::vector<History> history_;  // one a point
  ReadPlan plan_;
  std::size_t probes_;
  std::uint64_t fruitless_ = 0;  // polls in a row in which the unit refused everything
  std::vector<Unanswered> unanswered_;
  std::size_t begins_with_ = 0;
  bool changed_ = false;
};

}  // namespace congto::meter
