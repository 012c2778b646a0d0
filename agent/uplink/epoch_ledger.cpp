// Set arithmetic over one epoch's records.
#include "agent/uplink/epoch_ledger.hpp"

#include <algorithm>

namespace congto::uplink {

namespace {
constexpr std::chrono::seconds first_pause{60};
constexpr std::chrono::seconds last_pause{3600};
}  // namespace

RangeSet EpochLedger::pending(BootTime now) const {
  RangeSet open = unacked;
  if (open.empty()) return open;
  for (const RangeSet* busy : {&undated, &claimed, &in_flight, &live_wait, &sent}) {
    if (!busy->empty()) open.remove(*busy);
  }
  for (const auto& [seq, why] : stuck) {
    if (now < why.until) open.remove({seq, seq});
  }
  return open;
}

void EpochLedger::settle(const RangeSet& seqs) {
  for (RangeSet* set : {&unacked, &undated, &claimed, &live_wait, &sent, &refused_once, &alone}) {
    if (!set->empty()) set->remove(seqs);
  }
  std::erase_if(stuck, [&](const auto& entry) { return seqs.contains(entry.first); });
}

void EpochLedger::send_again(const RangeSet& seqs, BootTime now) {
  live_wait.remove(seqs);
  sent.remove(seqs);
  for (auto& [seq, why] : stuck) {
    if (seqs.contains(seq)) why.until = std::min(why.until, now);
  }
}

void EpochLedger::hold_back(std::uint64_t seq, int reason, BootTime now) {
  Stuck& entry = stuck[seq];
  entry.pause = entry.pause.count() == 0 ? first_pause : std::min(entry.pause * 2, last_pause);
  entry.until = now + entry.pause;
  entry.reason = reason;
}

}  // namespace congto::uplink
