// Slot arithmetic: everything in whole microseconds of the boot clock.
#include "agent/poll/schedule.hpp"

namespace congto::poll {

Schedule::Schedule(std::vector<std::chrono::milliseconds> intervals) {
  meters_.reserve(intervals.size());
  for (const auto every : intervals) meters_.push_back({every, BootTime{}, std::nullopt});
}

void Schedule::align(BootTime now, WallTime wall) {
  const auto wall_minus_boot = wall.time_since_epoch() - now.time_since_epoch();
  if (!begun_) begun_ = now;
  for (auto& meter : meters_) {
    const BootTime after = meter.last.value_or(*begun_);
    const auto wall_after = after.time_since_epoch() + wall_minus_boot;
    // Floor division; before 1970 (a box that boots without time may be there) the remainder is negative.
    auto into_slot = wall_after % meter.every;
    if (into_slot.count() < 0) into_slot += meter.every;
    meter.next = after + (meter.every - into_slot);
  }
}

Due Schedule::use_up(std::size_t index, Meter& meter, BootTime now) {
  const auto behind = (now - meter.next) / meter.every;  // whole slots that have come after `next`
  Due due;
  due.meter = index;
  due.slot = meter.next + behind * meter.every;
  due.missed = static_cast<std::uint64_t>(behind);
  if (behind > 0) {
    due.missed_from = meter.next;
    due.missed_to = due.slot - meter.every;
  }
  meter.last = due.slot;
  meter.next = due.slot + meter.every;
  return due;
}

std::optional<Due> Schedule::take(BootTime now, const std::vector<bool>& ready) {
  std::optional<std::size_t> oldest;
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (!ready[i] || meters_[i].next > now) continue;
    if (!oldest || meters_[i].next < meters_[*oldest].next) oldest = i;
  }
  if (!oldest) return std::nullopt;
  return use_up(*oldest, meters_[*oldest], now);
}

std::optional<BootTime> Schedule::next(const std::vector<bool>& ready) const {
  std::optional<BootTime> earliest;
  for (std::size_t i = 0; i < meters_.size(); ++i) {
    if (ready[i] && (!earliest || meters_[i].next < *earliest)) earliest = meters_[i].next;
  }
  return earliest;
}

std::optional<Due> Schedule::give_up(std::size_t meter, BootTime now) {
  if (meters_[meter].next > now) return std::nullopt;
  Due due = use_up(meter, meters_[meter], now);
  if (due.missed == 0) due.missed_from = due.slot;
  due.missed_to = due.slot;
  ++due.missed;
  return due;
}

}  // namespace congto::poll
