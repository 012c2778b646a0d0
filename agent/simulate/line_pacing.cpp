// See line_pacing.hpp.
#include "agent/simulate/line_pacing.hpp"

#include <algorithm>

namespace congto::simulate {

using std::chrono::nanoseconds;

LinePacing::LinePacing(const modbus::SerialSettings& settings, nanoseconds turnaround, nanoseconds adapter)
    : character_(modbus::character_time(settings)),
      silence_(modbus::silence_time(settings)),
      turnaround_(turnaround),
      adapter_(adapter) {}

std::optional<nanoseconds> LinePacing::heard(LineTime now, std::size_t bytes, bool begins_frame) {
  // A reply that is still to come has not made the line busy yet.
  const LineTime reply_end = now < reply_start_ ? earlier_reply_end_ : reply_end_;
  const LineTime line_end = std::max(request_end_, reply_end);
  const bool was_used = used_;
  used_ = true;
  // More bytes of a request that is still being sent follow it; they were only handed over early.
  request_end_ = std::max(now, request_end_) + on_wire(bytes);
  if (!begins_frame || !was_used) return std::nullopt;
  return now - line_end;
}

Transmission LinePacing::reply(std::size_t bytes, nanoseconds delay) {
  earlier_reply_end_ = reply_end_;
  reply_start_ = std::max(request_end_ + turnaround_ + delay, reply_end_);
  reply_end_ = reply_start_ + on_wire(bytes);
  return {reply_start_, bytes};
}

std::size_t LinePacing::visible(const Transmission& transmission, LineTime now) const {
  if (now < transmission.start) return 0;
  nanoseconds passed = now - transmission.start;
  // The adapter empties its buffer at fixed times after the first character began.
  if (adapter_ > nanoseconds(0)) passed -= passed % adapter_;
  return std::min(transmission.bytes, static_cast<std::size_t>(passed / character_));
}

LineTime LinePacing::next_delivery(const Transmission& transmission, std::size_t delivered) const {
  nanoseconds passed = on_wire(delivered + 1);
  if (adapter_ > nanoseconds(0)) {
    passed += adapter_ - nanoseconds(1);
    passed -= passed % adapter_;
  }
  return transmission.start + passed;
}

LineTime LinePacing::delivered(const Transmission& transmission) const {
  return transmission.bytes == 0 ? transmission.start : next_delivery(transmission, transmission.bytes - 1);
}

nanoseconds LinePacing::exchange_time(std::size_t request_bytes, std::size_t reply_bytes) const {
  return on_wire(request_bytes) + turnaround_ + on_wire(reply_bytes) + silence_;
}

}  // namespace congto::simulate
