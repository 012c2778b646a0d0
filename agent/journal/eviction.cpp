// Candidates by arithmetic on the ranges; only the rows that decide are read.
#include "agent/journal/eviction.hpp"

#include <algorithm>
#include <utility>

#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

// How many rows beyond the slice are looked at for one that has a time.
constexpr std::uint64_t probes = 64;

std::chrono::microseconds age(const Epoch& epoch, std::uint64_t seq, BootTime stamp, const RingState& state) {
  if (epoch.boot_id == state.boot_id) return state.now - stamp;
  const auto dating = epoch.dating_of(seq);
  if (dating && state.dating) return state.dating->wall(state.now) - dating->wall(stamp);
  // From an earlier boot: older than this one at least.
  return state.now.time_since_epoch();
}

// Speak for data that is gone or explain what is there: small, and never given up before the centre has them.
bool stays_until_settled(const meter::Record& record) {
  const auto kind = kind_of(record);
  return kind == Kind::start || kind == Kind::voided || kind == Kind::meta;
}

}  // namespace

// The write-ahead log takes up to 8 MB beside the file, and as much again while it is copied into it.
std::uint64_t ring_bytes(std::uint64_t wanted, std::uint64_t file, std::uint64_t room) {
  const auto reserve = room / 10 + std::min<std::uint64_t>(16'000'000, room / 4);
  return std::min(wanted, std::max(room - reserve, file - file / 32));
}

std::vector<Eviction::Candidate> Eviction::candidates(const Epochs& epochs, std::uint64_t count,
                                                      bool only_settled) const {
  std::vector<Candidate> found;
  for (const auto& [no, epoch] : epochs) {
    auto eligible = epoch.held();
    if (only_settled) {
      eligible = eligible.intersection(epoch.settled);
    } else if (const auto kept = kept_.find(no); kept != kept_.end()) {
      auto passed_over = kept->second;
      passed_over.remove(epoch.settled);
      eligible.remove(passed_over);
    }
    for (const auto& range : eligible.ranges()) {
      for (auto seq = range.first; seq <= range.last; ++seq) {
        if (found.size() == count) return found;
        found.push_back({no, seq});
      }
    }
  }
  return found;
}

// The last of the slice decides, for rows lie in the order of their commits. An event without a time is as
// old as the next row that has one.
bool Eviction::too_old(const Epochs& epochs, RecordTable& records, const RingState& state,
                       const std::vector<Candidate>& candidates, std::uint64_t slice) const {
  for (auto i = slice - 1; i < candidates.size(); ++i) {
    const auto& [no, seq] = candidates[i];
    const auto record = records.find(record_key(no, seq));
    const auto stamp = record ? stamp_of(*record) : std::nullopt;
    if (stamp) return age(epochs.at(no), seq, *stamp, state) > limits_.max_age;
  }
  return false;
}

std::vector<Victims> Eviction::take(const Epochs& epochs, RecordTable& records,
                                    std::vector<Candidate> candidates, std::string why) {
  std::vector<Victims> victims;
  for (const auto& [no, seq] : candidates) {
    const bool settled = epochs.at(no).settled.contains(seq);
    if (!settled) {
      const auto record = records.find(record_key(no, seq));
      if (record && stays_until_settled(*record)) {
        kept_[no].add(Range{seq, seq});
        continue;
      }
    }
    if (victims.empty() || victims.back().epoch_no != no) victims.push_back({no, {}, {}, why});
    victims.back().records.add(Range{seq, seq});
    if (!settled) victims.back().unsettled.add(Range{seq, seq});
  }
  return victims;
}

// One pass may meet nothing but events that stay; they are passed over from then on, so the next gets
// further.
std::vector<Victims> Eviction::choose(const Epochs& epochs, RecordTable& records, const RingState& state) {
  for (;;) {
    const auto passed_over = kept_count();
    auto victims = choose_slice(epochs, records, state);
    if (!victims.empty() || kept_count() == passed_over) return victims;
  }
}

void Eviction::erase(RecordTable& records, const std::vector<Rows>& rows) {
  if (std::exchange(leaves_rows_, false)) return;
  try {
    for (const auto& [no, seqs] : rows) records.erase(no, seqs);
  } catch (const DatabaseError& error) {
    leaves_rows_ = error.damaged() || error.unreadable();
    throw;
  }
}

std::uint64_t Eviction::kept_count() const {
  std::uint64_t total = 0;
  for (const auto& [no, seqs] : kept_) total += seqs.count();
  return total;
}

std::vector<Victims> Eviction::choose_slice(const Epochs& epochs, RecordTable& records,
                                            const RingState& state) {
  std::uint64_t total = 0;
  for (const auto& [no, epoch] : epochs) total += epoch.held().count();
  if (total == 0) return {};
  // A thirty-second of a small ring, so that a slice is due in time there too.
  const auto slice =
      std::max(std::clamp<std::uint64_t>(total / 32, 1, max_slice), std::min(state.incoming, total));
  auto oldest = candidates(epochs, slice + probes, false);
  if (oldest.size() >= slice && too_old(epochs, records, state, oldest, slice)) {
    oldest.resize(slice);
    return take(epochs, records, std::move(oldest), "aged-out");
  }
  if (state.used_bytes <= limits_.max_bytes) return {};
  auto chosen = candidates(epochs, slice, true);
  for (const auto& [no, seq] : oldest) {
    if (chosen.size() >= slice) break;
    if (!epochs.at(no).settled.contains(seq)) chosen.push_back({no, seq});
  }
  std::sort(chosen.begin(), chosen.end(), [](const Candidate& a, const Candidate& b) {
    return std::pair(a.epoch_no, a.seq) < std::pair(b.epoch_no, b.seq);
  });
  return take(epochs, records, std::move(chosen), "evicted");
}

}  // namespace congto::journal
