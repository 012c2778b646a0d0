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

#include "drivers/meter/meter_plan.hpp"
#include "drivers/meter/sample.hpp"
#include "drivers/modbus/failure.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

class PollRun {
 public:
  // `plan` must outlive the run; it is planned anew first where it changed. `now` tells which of its reads
  // are in a pause of their own.
  PollRun(MeterPlan& plan, modbus::UnitId unit, BootTime now = {});

  // The next request, or nothing when the poll is over. A failure of severity unit or bus ends it: points not
  // read by then take that failure's quality. Before that, a damaged or wrong reply is asked for once more,
  // and a busy unit (exceptions 5 and 6) twice. One read that stays without reply is passed over where the
  // unit has replied to another.
  std::optional<modbus::Request> next();
  // The read that next() gave stayed unanswered in the last poll too: it may need all the time that the
  // profile gives it.
  bool unanswered_before() const;
  // How long to wait before the request that next() gave: 500 ms after exceptions 5 and 6, otherwise 0.
  std::chrono::milliseconds pause_before_next() const { return pause_; }
  void take(const modbus::Exchanged<modbus::Reply>& outcome);

  // Words and qualities in the order of the plan's points; call once, when next() gave nothing. What the unit
  // refused is told to the plan only if it gave something else in this run: a unit that refuses everything
  // may be starting up, and is asked again; that exception is then the failure.
  struct Outcome {
    std::vector<std::uint16_t> words;  // 0 where quality is not good
    std::vector<Quality> quality;
    BootTime last_byte;                      // of the last reply that counted; epoch of the clock if none
    std::optional<modbus::Failure> failure;  // the one that ended it, or left nothing good
    bool answered = false;  // the unit was heard: a reply, or an exception that is not the gateway's (10, 11)
  };
  Outcome finish();

 private:
  struct Pending {
    PlannedRead read;
    std::size_t origin = 0;  // into origins_
    int retries = 0;
  };
  // One for each read of the plan: what became of it.
  struct Origin {
    bool gap_suspected = false;         // refused, and it ran over a gap
    bool blamed = false;                // a point of it was refused, or it was not followed to the end
    std::uint16_t least_refused = 0;    // the shortest read of it that was refused and split; 0: none was
    std::uint32_t cut = 0;              // where that one was split: both its sides are shorter
    bool answered = false;              // read or refused
    std::optional<Quality> unanswered;  // whole, by a unit that replied to others
  };

  void line_up();
  void take_reply(const modbus::Reply& reply);
  void take_failure(const modbus::Failure& failure);
  void take_refusal(const modbus::Failure& failure);
  void retry(std::chrono::milliseconds pause);
  void leave_unanswered(const modbus::Failure& failure);
  void end(const modbus::Failure& failure);
  void mark(const PlannedRead& read, Quality quality);
  void teach();
  void teach_limits(const Origin& origin, modbus::Function function);

  MeterPlan* plan_;
  modbus::UnitId unit_;
  BootTime begun_;
  std::vector<Pending> pending_;
  std::size_t current_ = 0;  // into pending_: what next() gives
  std::size_t probes_left_;
  bool cut_short_ = false;  // a block was refused and there were no probes left to split it
  bool replied_ = false;    // to some read with its words
  std::optional<modbus::Failure> passed_over_;  // of a read without reply: the next such one ends the poll
  std::uint16_t longest_read_ = 0;              // registers in one reply
  std::optional<modbus::Failure> refusal_;      // the first one
  std::vector<Origin> origins_;
  std::vector<std::size_t> offset_;                             // of each point's words
  std::vector<std::uint8_t> missing_;                           // one a point: parts not read yet
  std::vector<std::pair<std::size_t, std::uint8_t>> refusals_;  // point and exception
  std::chrono::milliseconds pause_{0};
  Outcome outcome_;
};

}  // namespace congto::meter
