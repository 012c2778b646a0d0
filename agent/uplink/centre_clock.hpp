// CentreClock: what `now` of the centre's acks says about the time, and how wrong that can be.
// Pure; used by Uplink for boxes that have no better source. One thread.
#pragma once

#include <chrono>
#include <optional>

#include "drivers/core/clock.hpp"

namespace congto::uplink {

// An ack that answers a status was written after the status was published: at its arrival it is at most that
// old. But acks can have waited at the broker since an earlier connection, and nothing in them tells; each
// such ack shows less time than a fresh one. So the acks of the first seconds after a status are compared,
// and the one that shows the most time counts.
class CentreClock {
 public:
  struct Hint {
    WallTime now;                          // of the centre
    BootTime at;                           // when it arrived
    std::chrono::milliseconds round_trip;  // the error is at most this
  };

  void status_published(BootTime at);
  void ack(WallTime now, BootTime at);
  void disconnected();
  // Once per status, some seconds after its first answer. Call once a second.
  std::optional<Hint> tick(BootTime at);

 private:
  std::optional<BootTime> published_;
  std::optional<BootTime> first_;
  std::optional<Hint> best_;
};

}  // namespace congto::uplink
