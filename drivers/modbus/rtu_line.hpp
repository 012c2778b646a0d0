// RtuLine: what must be remembered about an RTU line between exchanges: when it was last active, which units
// are in quarantine, echo, pauses; and who sent the bytes that nobody asked for. Sans-I/O, one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/modbus/line.hpp"
#include "drivers/modbus/link.hpp"
#include "drivers/modbus/response_times.hpp"
#include "drivers/modbus/rtu_exchange.hpp"

namespace congto::modbus {

class RtuLine {
 public:
  // A unit that owes a reply is not asked again before the line was free of unasked bytes for max(2 x its
  // p99, this): RTU has no transaction id, so a late reply could pass for the next one (reliability.md 4.2).
  static constexpr std::chrono::milliseconds least_quarantine{200};
  // Replies of a unit that we asked within this time are late ones of ours, not another master's traffic.
  static constexpr std::chrono::seconds late_reply_horizon{60};

  // `counters` outlives the line; stale_bytes and foreign_frames are counted here.
  RtuLine(const SerialSettings& settings, LinkCounters& counters);

  void set_pause(UnitId unit, std::chrono::milliseconds pause) { units_[unit].pause = pause; }
  // The port was opened: what is known of the echo is forgotten, and the silence starts.
  void opened(BootTime now);
  // Bytes that came while no exchange was running.
  void heard(std::span<const std::uint8_t> bytes, BootTime now);
  // Counts what was heard since the last call: stale bytes, and frames of another master.
  ListenResult settle(BootTime now);

  // When silence, pause and quarantine allow the next request to this unit.
  BootTime may_send_at(UnitId unit) const;
  // When nothing will have been on the line for 3.5 characters, if nothing more comes.
  BootTime silent_from() const { return last_activity_ + silence_; }
  // One exchange: begin, send frame(), sent, feed until done or deadline, finish.
  void begin(const Request& request, BootTime now);
  std::span<const std::uint8_t> frame() const { return exchange_.frame(); }
  // The frame was handed to the port; gives the time at which its last byte has left.
  BootTime sent(BootTime now);
  // What the whole reply takes on the wire.
  std::chrono::microseconds reply_time() const;
  void feed(std::span<const std::uint8_t> bytes, BootTime now);
  bool done() const { return exchange_.done(); }
  // Until when to wait for bytes: the deadline, or the end of garbage.
  BootTime wait_until(BootTime deadline) const;
  Exchanged<Reply> finish(BootTime now);

 private:
  struct Unit {
    ResponseTimes times;
    std::chrono::microseconds pause{0};
    std::optional<BootTime> owes_since;      // given up without a reply
    std::map<std::uint8_t, BootTime> asked;  // function -> when last
  };

  bool is_foreign(std::uint8_t unit, std::uint8_t function, bool reply_like, BootTime now) const;
  std::uint64_t count_foreign(std::span<const std::uint8_t> bytes, BootTime now);

  std::chrono::nanoseconds character_;
  std::chrono::microseconds silence_;
  LinkCounters& counters_;
  RtuExchange exchange_;
  Request request_;
  Echo echo_ = Echo::unknown;
  BootTime last_activity_;  // sent or received
  BootTime last_stray_;     // bytes that nobody asked for
  BootTime request_left_;
  std::map<UnitId, Unit> units_;
  std::vector<std::uint8_t> heard_;
  std::uint64_t heard_bytes_ = 0;
};

}  // namespace congto::modbus
