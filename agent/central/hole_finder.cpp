// For each epoch: how far it went, as far as anybody said; less what is settled, less what the agent sends
// anyway.
#include "agent/central/hole_finder.hpp"

#include <algorithm>

#include "agent/contract/limits.hpp"

namespace congto::central {

namespace {

const contract::Status::Backlog* listed(const contract::Status& status, EpochId epoch) {
  const auto found = std::find_if(status.epochs.begin(), status.epochs.end(),
                                  [&](const auto& backlog) { return backlog.epoch == epoch; });
  return found == status.epochs.end() ? nullptr : &*found;
}

// The last number that this epoch is known to have; nothing while nobody said.
std::optional<std::uint64_t> last_of(const contract::Status& status, const LedgerEntry& entry) {
  if (entry.epoch == status.epoch) return status.last_seq;
  if (const auto* const backlog = listed(status, entry.epoch)) return backlog->last;
  if (entry.last) return entry.last;
  return entry.settled.highest();
}

// Asked in the future: the database's clock was ahead then.
bool due(const LedgerEntry& entry) {
  return !entry.asked_ago || *entry.asked_ago < std::chrono::seconds(0) ||
         *entry.asked_ago >= entry.pause.value_or(first_pause);
}

RangeSet lowest(const RangeSet& set) {
  RangeSet some;
  for (const auto& range : set.ranges()) {
    if (some.size() == contract::max_ack_ranges) break;
    some.add(range);
  }
  return some;
}

}  // namespace

std::vector<Hole> find_holes(const contract::Status& status, const std::vector<LedgerEntry>& entries) {
  std::vector<Hole> holes;
  if (status.more > 0) return holes;
  auto all = entries;
  const auto known = [&](EpochId epoch) {
    return std::any_of(all.begin(), all.end(), [&](const auto& entry) { return entry.epoch == epoch; });
  };
  if (status.last_seq > 0 && !known(status.epoch)) all.push_back({status.epoch, {}, {}, {}, {}});
  for (const auto& entry : all) {
    const auto last = last_of(status, entry);
    if (!last || *last == 0 || !due(entry) || holes.size() == max_holes) continue;
    RangeSet missing{{1, *last}};
    missing.remove(entry.settled);
    if (const auto* const backlog = listed(status, entry.epoch))
      missing.remove({backlog->first, backlog->last});
    if (missing.empty()) continue;
    const auto before = entry.asked_ago ? entry.pause.value_or(first_pause) * 2 : first_pause;
    holes.push_back({entry.epoch, lowest(missing), std::min(before, last_pause)});
  }
  return holes;
}

}  // namespace congto::central
