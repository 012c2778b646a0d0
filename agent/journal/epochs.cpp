// Epochs in memory: what follows from their ranges and datings.
#include "agent/journal/epochs.hpp"

#include <algorithm>

namespace congto::journal {

RangeSet Epoch::held() const {
  RangeSet all{{1, last}};
  all.remove(gone);
  return all;
}

RangeSet Epoch::unsettled() const {
  auto open = held();
  open.remove(settled);
  return open;
}

std::optional<meter::Dating> Epoch::dating_of(std::uint64_t seq) const {
  const auto after =
      std::upper_bound(datings.begin(), datings.end(), seq,
                       [](std::uint64_t value, const DatingRow& row) { return value < row.first_seq; });
  if (after == datings.begin()) return std::nullopt;
  return std::prev(after)->dating;
}

bool Epoch::date_from_next(const meter::Dating& dating) {
  if (datings.empty()) {
    datings.push_back({1, dating});
    return true;
  }
  if (datings.back().dating == dating) return false;
  if (datings.back().first_seq > last) datings.pop_back();  // no record has used it
  if (!datings.empty() && datings.back().dating == dating) return true;
  datings.push_back({datings.empty() ? 1 : last + 1, dating});
  return true;
}

Epochs::const_iterator find(const Epochs& epochs, const EpochId& id) {
  // Few epochs, and the wanted one is mostly the newest.
  for (auto at = epochs.rbegin(); at != epochs.rend(); ++at) {
    if (at->second.id == id) return std::prev(at.base());
  }
  return epochs.end();
}

std::uint64_t undated_records(const Epochs& epochs) {
  std::uint64_t total = 0;
  for (const auto& [no, epoch] : epochs) {
    if (!epoch.dated()) total += epoch.held().count();
  }
  return total;
}

EpochState state_of(const Epoch& epoch) {
  return {epoch.id, epoch.boot_id, epoch.last, epoch.held(), epoch.settled};
}

std::vector<std::int64_t> prune(Epochs& epochs) {
  std::vector<std::int64_t> pruned;
  for (auto at = epochs.begin(); at != epochs.end() && std::next(at) != epochs.end();) {
    if (!at->second.held().empty()) {
      ++at;
      continue;
    }
    pruned.push_back(at->first);
    at = epochs.erase(at);
  }
  return pruned;
}

}  // namespace congto::journal
