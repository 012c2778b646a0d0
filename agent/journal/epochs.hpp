// Epoch: one run of the agent as the journal keeps it: what it holds, what is settled, how it is dated.
// Epochs are plain values: a commit works on a copy and the copy counts once it is on disk. Journal's thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/database.hpp"
#include "agent/journal/journal.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"
#include "drivers/meter/record.hpp"

namespace congto::journal {

// Dates the records from first_seq up to the next row.
struct DatingRow {
  std::uint64_t first_seq = 1;
  meter::Dating dating;
  bool operator==(const DatingRow&) const = default;
};

struct Epoch {
  EpochId id;
  std::string boot_id;
  BootTime started;                // when the run began
  WallTime shown;                  // what the wall clock showed then, right or wrong
  std::uint64_t last = 0;          // highest seq committed
  bool stopped = false;            // ended cleanly
  RangeSet settled;                // acknowledged
  RangeSet gone;                   // of 1..last, what is no longer in the file
  std::vector<DatingRow> datings;  // lowest first; empty: not dated at all, else the first begins at seq 1

  RangeSet held() const;
  RangeSet unsettled() const;  // held and not settled
  bool dated() const { return !datings.empty(); }
  std::optional<meter::Dating> dating_of(std::uint64_t seq) const;
  // From the next seq on. Leaves alone what has been dated; false when nothing changes.
  bool date_from_next(const meter::Dating& dating);
};

// By epoch number, which counts up with every epoch of the file.
using Epochs = std::map<std::int64_t, Epoch>;

Epochs::const_iterator find(const Epochs& epochs, const EpochId& id);
std::uint64_t undated_records(const Epochs& epochs);
// As others see it.
EpochState state_of(const Epoch& epoch);
// Takes out epochs of which nothing is held any more, except the newest: the next one names it. Gives their
// numbers.
std::vector<std::int64_t> prune(Epochs& epochs);

Epochs load_epochs(Database& database);
// All within the caller's transaction. What the file has beyond `confirmed` was written by a commit that
// reported a failure: nobody has seen it, its records are still queued, and it goes. Gives what the file then
// has.
Epochs erase_unconfirmed(Database& database, Epochs found, const Epochs& confirmed);
// Writes the difference. Rows of records are the caller's business.
void write_changes(Database& database, const Epochs& before, const Epochs& after);

}  // namespace congto::journal
