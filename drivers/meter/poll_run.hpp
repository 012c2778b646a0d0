// PollRun: one poll of one meter as a sans-I/O machine: gives the next request, takes its outcome, ends in a
// sample. Exceptions 1-3 split the block around the point that the unit does not have. Used by agent and `read`.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "drivers/meter/read_plan.hpp"
#include "drivers/meter/sample.hpp"
#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

// The plan of one meter and which of its points the unit refused (exceptions 1-3). Kept between polls; a run
// updates it, reset() asks for everything again (at start and daily).
class MeterPlan {
 public:
  MeterPlan(std::span<const Point> points, ReadLimits limits, WireCost cost);

  const ReadPlan& reads() const { return plan_; }
  std::span<const Point> points() const { return points_; }
  const ReadLimits& limits() const { return limits_; }
  const WireCost& cost() const { return cost_; }
  // One a point: the exception code with which the unit refused it, 0 if it did not.
  const std::vector<std::uint8_t>& refused() const { return refused_; }
  void refuse(std::size_t point, std::uint8_t exception);
  void reset();
  // Plans anew if refuse() or reset() changed anything since.
  void replan();

 private:
  std::vector<Point> points_;
  ReadLimits limits_;
  WireCost cost_;
  std::vector<std::uint8_t> refused_;
  ReadPlan plan_;
  bool changed_ = false;
};

class PollRun {
 public:
  // `plan` must outlive the run.
  PollRun(MeterPlan& plan, modbus::UnitId unit);

  // The next request, or nothing when the poll is over. A failure of severity unit or bus ends it: points not
  // read by then take that failure's quality.
  std::optional<modbus::Request> next();
  void take(const modbus::Exchanged<modbus::Reply>& outcome);

  // Words and qualities in the order of the plan's points; call once, when next() gave nothing.
  struct Outcome {
    std::vector<std::uint16_t> words;
    std::vector<Quality> quality;
    BootTime last_byte;                       // of the last reply that counted; epoch of the clock if none
    std::optional<modbus::Failure> failure;   // the one that ended it
    bool answered = false;                    // at least one reply or exception came
  };
  Outcome finish();

 private:
  struct Pending {
    PlannedRead read;
    bool probing = false;  // a part of a block that was refused whole
  };
  void split(const PlannedRead& read, std::uint8_t exception);

  MeterPlan* plan_;
  modbus::UnitId unit_;
  std::vector<Pending> pending_;  // last is next
  std::optional<PlannedRead> asked_;
  Outcome outcome_;
  std::vector<std::size_t> offset_;  // of each point's words
};

}  // namespace congto::meter
