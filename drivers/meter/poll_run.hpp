// PollRun: one poll of one meter as a sans-I/O machine: gives the next request, takes its outcome, ends in a
// sample. Exceptions 1-3 split the block around the point that the unit does not have. Used by agent and
// `read`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "drivers/meter/read_plan.hpp"
#include "drivers/meter/sample.hpp"
#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

// The plan of one meter, and what its unit taught us: which points it refused (exceptions 1-3), and whether
// it refuses to be read across gaps. Kept between polls; a run updates it, reset() forgets it all, so that
// everything is asked for again (at start and daily).
class MeterPlan {
 public:
  MeterPlan(std::span<const Point> points, ReadLimits limits, WireCost cost);

  const ReadPlan& reads() const { return plan_; }
  std::span<const Point> points() const { return points_; }
  const ReadLimits& limits() const { return limits_; }  // max_gap is 0 after forbid_gaps()
  const WireCost& cost() const { return cost_; }
  // One a point: the exception code with which the unit refused it, 0 if it did not.
  const std::vector<std::uint8_t>& refused() const { return refused_; }
  void refuse(std::size_t point, std::uint8_t exception);
  // The unit refuses a read over registers that no point wants, though it gives those on either side.
  void forbid_gaps();
  // How many requests one poll may spend on finding refused points: 64, and twice as many after each search
  // that was cut short.
  std::size_t probes() const { return probes_; }
  void search_ended(bool cut_short);
  void reset();
  // Plans anew if refuse(), forbid_gaps() or reset() changed anything since.
  void replan();

 private:
  std::vector<Point> points_;
  ReadLimits limits_;
  std::uint16_t configured_gap_;
  WireCost cost_;
  std::vector<std::uint8_t> refused_;
  ReadPlan plan_;
  std::size_t probes_;
  bool changed_ = false;
};

class PollRun {
 public:
  // `plan` must outlive the run; it is planned anew first where it changed.
  PollRun(MeterPlan& plan, modbus::UnitId unit);

  // The next request, or nothing when the poll is over. A failure of severity unit or bus ends it: points not
  // read by then take that failure's quality. Before that, a damaged or wrong reply is asked for once more,
  // and a busy unit (exceptions 5 and 6) twice.
  std::optional<modbus::Request> next();
  // How long to wait before the request that next() gave: 500 ms after exceptions 5 and 6, otherwise 0.
  std::chrono::milliseconds pause_before_next() const { return pause_; }
  void take(const modbus::Exchanged<modbus::Reply>& outcome);

  // Words and qualities in the order of the plan's points; call once, when next() gave nothing. What the unit
  // refused is told to the plan only if it gave something else in this run: a unit that refuses everything
  // may be starting up, and is asked again.
  struct Outcome {
    std::vector<std::uint16_t> words;  // 0 where quality is not good
    std::vector<Quality> quality;
    BootTime last_byte;                      // of the last reply that counted; epoch of the clock if none
    std::optional<modbus::Failure> failure;  // the one that ended it
    bool answered = false;  // the unit was heard: a reply, or an exception that is not the gateway's (10, 11)
  };
  Outcome finish();

 private:
  struct Pending {
    PlannedRead read;
    std::size_t origin = 0;  // into origins_
    int retries = 0;
  };
  // One for each read of the plan: what became of it after it was refused.
  struct Origin {
    bool gap_suspected = false;  // refused whole, and it ran over a gap
    bool blamed = false;         // a point of it was refused, or it was not followed to the end
  };

  void take_reply(const modbus::Reply& reply);
  void take_failure(const modbus::Failure& failure);
  void take_refusal(std::uint8_t exception);
  void retry(std::chrono::milliseconds pause);
  void end(const modbus::Failure& failure);
  void mark(const PlannedRead& read, Quality quality);
  void teach();

  MeterPlan* plan_;
  modbus::UnitId unit_;
  std::vector<Pending> pending_;
  std::size_t current_ = 0;  // into pending_: what next() gives
  std::size_t probes_left_;
  bool cut_short_ = false;  // a block was refused and there were no probes left to split it
  std::vector<Origin> origins_;
  std::vector<std::size_t> offset_;                             // of each point's words
  std::vector<std::uint8_t> missing_;                           // one a point: parts not read yet
  std::vector<std::pair<std::size_t, std::uint8_t>> refusals_;  // point and exception
  std::chrono::milliseconds pause_{0};
  Outcome outcome_;
};

}  // namespace congto::meter
