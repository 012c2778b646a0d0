// See rtu_line.hpp.
#include "drivers/modbus/rtu_line.hpp"

#include <algorithm>

#include "drivers/modbus/rtu_frame.hpp"
#include "drivers/modbus/stray_frames.hpp"

namespace congto::modbus {
namespace {

constexpr std::size_t heard_kept = 32 * 1024;  // two seconds of a busy line at 115200 baud

}  // namespace

RtuLine::RtuLine(const SerialSettings& settings, LinkCounters& counters)
    : character_(character_time(settings)), silence_(silence_time(settings)), counters_(counters) {}

void RtuLine::opened(BootTime now) {
  echo_ = Echo::unknown;
  last_activity_ = now;
}

void RtuLine::heard(std::span<const std::uint8_t> bytes, BootTime now) {
  if (bytes.empty()) return;
  const std::size_t kept = std::min(bytes.size(), heard_kept - heard_.size());
  heard_.insert(heard_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(kept));
  heard_bytes_ += bytes.size();
  last_activity_ = now;
  last_stray_ = now;
}

ListenResult RtuLine::settle(BootTime now) {
  ListenResult result;
  result.bytes = heard_bytes_;
  result.foreign_frames = count_foreign(heard_, now);
  counters_.stale_bytes += heard_bytes_;
  heard_.clear();
  heard_bytes_ = 0;
  return result;
}

BootTime RtuLine::may_send_at(UnitId unit) const {
  BootTime at = silent_from();
  const auto known = units_.find(unit);
  if (known == units_.end()) return at;
  at = std::max(at, last_activity_ + known->second.pause);
  if (known->second.owes_since) {
    const auto quarantine =
        std::max<std::chrono::microseconds>(2 * known->second.times.p99(), least_quarantine);
    // Other units' exchanges don't prolong it: their replies are no strays, and a late reply of this unit is.
    at = std::max(at, std::max(*known->second.owes_since, last_stray_) + quarantine);
  }
  return at;
}

void RtuLine::begin(const Request& request, BootTime now) {
  settle(now);
  request_ = request;
  Unit& unit = units_[request.unit];
  unit.owes_since = now;  // until finish() has its reply
  unit.asked[static_cast<std::uint8_t>(request.function)] = now;
  exchange_.begin(request, echo_);
}

BootTime RtuLine::sent(BootTime now) {
  // A tty takes the bytes at once; the wire takes its time.
  const auto on_the_wire = character_ * static_cast<int>(frame().size());
  request_left_ = now + std::chrono::ceil<std::chrono::microseconds>(on_the_wire);
  last_activity_ = request_left_;
  return request_left_;
}

std::chrono::microseconds RtuLine::reply_time() const {
  const auto on_the_wire = character_ * static_cast<int>(rtu_reply_bytes(request_));
  return std::chrono::ceil<std::chrono::microseconds>(on_the_wire);
}

void RtuLine::feed(std::span<const std::uint8_t> bytes, BootTime now) {
  last_activity_ = std::max(last_activity_, now);
  exchange_.feed(bytes, now);
}

BootTime RtuLine::wait_until(BootTime deadline) const {
  const auto garbage_ends = exchange_.garbage_ends();
  return garbage_ends ? std::min(*garbage_ends, deadline) : deadline;
}

Exchanged<Reply> RtuLine::finish(BootTime now) {
  Exchanged<Reply> outcome = exchange_.finish(request_left_);
  echo_ = exchange_.echo();
  Unit& unit = units_[request_.unit];
  if (outcome.has_value()) {
    unit.times.add(outcome->took);
    unit.owes_since.reset();
  } else if (outcome.error().kind == FailureKind::exception) {
    unit.owes_since.reset();
  } else {
    unit.owes_since = now;
  }
  if (exchange_.stray_bytes() > 0) {
    last_stray_ = now;
    counters_.stale_bytes += exchange_.stray_bytes();
    count_foreign(exchange_.stray(), now);
  }
  return outcome;
}

bool RtuLine::is_foreign(std::uint8_t unit, std::uint8_t function, bool reply_like, BootTime now) const {
  if (!reply_like) return true;
  const auto known = units_.find(unit);
  if (known == units_.end()) return true;
  const auto asked = known->second.asked.find(function & 0x7F);
  return asked == known->second.asked.end() || now - asked->second > late_reply_horizon;
}

std::uint64_t RtuLine::count_foreign(std::span<const std::uint8_t> bytes, BootTime now) {
  std::uint64_t foreign = 0;
  std::uint64_t requests = 0;
  for (const StrayFrame& frame : find_frames(bytes)) {
    if (is_foreign(frame.unit, frame.function, frame.reply_like, now)) ++foreign;
    if (!frame.reply_like) ++requests;
  }
  // Before our first request a reply alone is a late one to a program that has just ended, `read` say.
  if (units_.empty() && foreign == 1 && requests == 0) foreign = 0;
  counters_.foreign_frames += foreign;
  return foreign;
}

}  // namespace congto::modbus
