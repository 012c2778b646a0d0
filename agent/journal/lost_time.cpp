// Finds the boots without time, what is known on either side of them, and gives their epochs the result.
#include "agent/journal/lost_time.hpp"

#include <algorithm>

#include "agent/journal/clock_references.hpp"
#include "agent/journal/dating.hpp"
#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

struct Stamped {
  std::uint64_t seq;
  BootTime stamp;
};

// The newest records may be events without a time; samples come soon.
std::optional<Stamped> newest_stamp(RecordTable& records, std::int64_t no) {
  std::optional<Stamped> found;
  records.newest(no, 1000, [&](std::uint64_t seq, const meter::Record& record) {
    if (const auto stamp = stamp_of(record)) found = Stamped{seq, *stamp};
    return !found;
  });
  return found;
}

void date_epoch(Epoch& epoch, const meter::Dating& dating, Dated& dated) {
  epoch.date_from_next(dating);
  if (epoch.last > 0) dated.emplace_back(epoch.id, Range{1, epoch.last});
}

// Boots whose epochs have no time, oldest first.
std::vector<LostBoot> lost_boots(const Epochs& epochs, JournalFile& file, const std::string& this_boot) {
  std::vector<LostBoot> boots;
  for (const auto& [no, epoch] : epochs) {
    if (epoch.dated() || epoch.boot_id == this_boot) continue;
    const auto newest = newest_stamp(file.records, no);
    const auto last = std::max(epoch.started, newest ? newest->stamp : epoch.started);
    if (!boots.empty() && boots.back().boot_id == epoch.boot_id) {
      boots.back().last = std::max(boots.back().last, last);
    } else {
      boots.push_back({epoch.boot_id, last, epoch.shown - epoch.started.time_since_epoch()});
    }
  }
  return boots;
}

// A boot that gets its time dates all before it, so every dated boot lies before every lost one: its last
// reference or its last record, whichever is later, is known to come before them.
std::optional<WallTime> known_before(const Epochs& epochs, JournalFile& file, const std::string& this_boot) {
  auto latest = latest_reference_before(file.database, this_boot);
  for (auto at = epochs.rbegin(); at != epochs.rend(); ++at) {
    const auto& epoch = at->second;
    if (!epoch.dated() || epoch.boot_id == this_boot) continue;
    if (const auto newest = newest_stamp(file.records, at->first)) {
      const auto wall = epoch.dating_of(newest->seq)->wall(newest->stamp);
      latest = latest ? std::max(*latest, wall) : wall;
      break;
    }
  }
  return latest;
}

// A boot that was compared with a good clock, but ended before its records were dated by it.
std::optional<meter::Dating> dating_from_reference(Database& database, const std::string& boot_id) {
  const auto reference = newest_reference(database, boot_id);
  if (!reference) return std::nullopt;
  const auto offset = reference->wall.time_since_epoch() - reference->boot.time_since_epoch();
  return meter::Dating{offset, false, reference->error};
}

}  // namespace

void date_undated(Epochs& epochs, JournalFile& file, const std::string& boot_id, const meter::Dating& dating,
                  Dated& dated) {
  for (auto& [no, epoch] : epochs) {
    if (!epoch.dated() && epoch.boot_id != boot_id) {
      if (const auto exact = dating_from_reference(file.database, epoch.boot_id))
        date_epoch(epoch, *exact, dated);
    }
  }
  if (!dating.estimated) {
    const auto boots = lost_boots(epochs, file, boot_id);
    const auto estimates = estimate(boots, known_before(epochs, file, boot_id), dating.wall(BootTime{}));
    for (auto& [no, epoch] : epochs) {
      if (epoch.dated()) continue;
      const auto boot = std::find_if(boots.begin(), boots.end(),
                                     [&](const LostBoot& lost) { return lost.boot_id == epoch.boot_id; });
      if (boot == boots.end()) continue;
      date_epoch(epoch, estimates[static_cast<std::size_t>(boot - boots.begin())], dated);
    }
  }
  for (auto& [no, epoch] : epochs) {
    if (!epoch.dated() && epoch.boot_id == boot_id) date_epoch(epoch, dating, dated);
  }
}

}  // namespace congto::journal
