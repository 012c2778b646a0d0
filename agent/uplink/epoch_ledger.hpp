// EpochLedger: where each record of one epoch stands on its way to the centre, as sets of sequence numbers.
// Pure; used by Delivery only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::uplink {

// A record that cannot go now: refused even alone, or not readable. It waits, growing from a minute to an
// hour, while the others pass it.
struct Stuck {
  BootTime until;
  std::chrono::seconds pause{0};
  int reason = 0;                 // MQTT reason code; 0: the journal gave nothing for it
  bool ended_connection = false;  // with that reason: the next one is spared until the wait is over
};

struct EpochLedger {
  EpochId id;
  std::uint64_t last = 0;  // highest seq committed
  RangeSet held;           // in the journal
  RangeSet unacked;        // of those, not acknowledged
  RangeSet undated;        // of those, waiting for the time: not to be published yet
  RangeSet dated;          // said to be dated now: a copy without a date was read before that

  // On their way; each unacknowledged record is in at most one of these.
  RangeSet claimed;    // backfill: being read, or read and waiting for its turn
  RangeSet in_flight;  // published, no PUBACK yet
  RangeSet live_wait;  // live: has its PUBACK, acknowledgement awaited
  RangeSet sent;       // backfill: has its PUBACK, acknowledgement awaited

  RangeSet refused_once;  // the next try goes as it comes
  RangeSet alone;         // refused twice: goes record by record
  std::map<std::uint64_t, Stuck> stuck;

  // What backfill may take now.
  RangeSet pending(BootTime now) const;
  // Out of everything: acknowledged, or no longer held.
  void settle(const RangeSet& seqs);
  // Back among the pending, whatever lane had them. What is in flight stays there.
  void send_again(const RangeSet& seqs, BootTime now);
  void hold_back(std::uint64_t seq, int reason, BootTime now);
};

}  // namespace congto::uplink
