// Journal: the durable, append-only ring of records; its own thread owns the only SQLite connection.
// All member functions may be called from any thread; handlers run on the journal's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/range_set.hpp"
#include "drivers/meter/record.hpp"

namespace congto::journal {

struct Settings {
  std::filesystem::path file;  // STATE/journal.db
  std::string agent;           // a journal belongs to one agent name
  std::string boot_id;         // of this boot of the machine
  std::chrono::milliseconds commit_period{10'000};
  std::chrono::hours max_age{30 * 24};
  std::uint64_t max_bytes = 2'000'000'000;
  std::size_t max_records_in_memory = 100'000;  // while the file cannot be written
};

// One run of the agent as the journal knows it, oldest first.
struct EpochState {
  EpochId id;
  std::string boot_id;
  std::uint64_t last = 0;  // highest seq committed
  RangeSet held;           // what is still in the journal
  RangeSet settled;        // acknowledged by the centre (or by the broker's PUBACK with ack = "broker")
};

// What one transaction made durable. `records` are of one epoch, in seq order.
struct Commit {
  std::vector<meter::StoredRecord> records;
  struct Evicted {
    EpochId epoch;
    Range range;
  };
  // Gone from the ring or lost with a damaged file; where unsettled, a Void is among `records`.
  std::vector<Evicted> evicted;
};

// A comparison of the two clocks, kept to date a boot that ended without time from both sides.
struct ClockReference {
  BootTime boot;
  WallTime wall;
  std::chrono::milliseconds error{0};
  std::string source;  // "ntp", "centre", "step", …
};

struct Handlers {
  std::function<void(Commit)> committed;
  // Earlier records that could not be dated until now, of this and of earlier epochs: they may go out.
  std::function<void(EpochId, Range)> dated;
  // An epoch of a file that could not be opened at start but can be now: epochs() did not tell of it. Oldest
  // first, and before anything of this run is committed to that file.
  std::function<void(EpochState)> found;
  // Said once per change: Status::trouble, or "writing" when there is none any more.
  std::function<void(std::string)> trouble;
};

struct Status {
  bool durable = true;    // false: nothing can be written; records are held in memory
  std::string trouble;    // why not; else what was set aside; else empty
  std::string set_aside;  // file name of a journal moved away because it was damaged; empty if none
  std::uint64_t file_bytes = 0;
  std::uint64_t records_in_memory = 0;
  std::uint64_t undated = 0;  // records that wait for the time to be known
  std::uint64_t commits = 0;
  std::uint64_t dropped = 0;  // lost because memory ran out while the file could not be written
};

class Journal {
 public:
  // Never fails because of a damaged file: that is moved aside, a new one begins with what can still be
  // read of it (if that is not too much to copy), status says so. Nor because the disk cannot be written or
  // the directory not be made: records are held in memory and each commit tries again. Fails when another
  // agent holds the journal, or it belongs to another agent name with unacknowledged records (one without is
  // set aside as JOURNAL.other-agent-N). `clock` must outlive the journal.
  static Result<std::unique_ptr<Journal>> open(Settings settings, const Clock& clock, Handlers handlers);
  // Commits what is queued, notes that the run ended cleanly, and ends the thread. Handlers may still be
  // called.
  virtual ~Journal() = default;

  // As found at open; later changes come through the handlers.
  virtual std::vector<EpochState> epochs() const = 0;
  // Epoch of this run: its first commit that holds a record writes it, Start first. Another one after a
  // commit that failed (contract.md, Epochs form a chain); records carry the one they were committed in.
  virtual EpochId current() const = 0;

  // Queued; durable, numbered and handed to `committed` at the next commit (every commit_period). Throws
  // std::invalid_argument for a sample that does not have the words and qualities of its layout.
  virtual void append(meter::Record record) = 0;
  // Commits what is queued as soon as possible; `done` runs after it (on the journal's thread), also when the
  // disk did not let it: status() tells.
  virtual void commit_now(std::function<void()> done = {}) = 0;

  // From now on wall = boot + offset for this boot, also for its records that waited for time. A row of its
  // own in the next commit, before anything dated by it is handed out; what was dated before stays as it was.
  virtual void date(meter::Dating dating) = 0;
  virtual void reference(ClockReference reference) = 0;

  // Ride on the next commit (or, with nothing to commit, on a commit of their own after commit_period).
  virtual void settle(EpochId epoch, RangeSet ranges) = 0;
  virtual void withdraw(EpochId epoch, RangeSet ranges) = 0;

  // Records of `wanted`, lowest first, until max_records or max_readings is reached (at least one, an event
  // counts as one reading). What is no longer held is left out; what is damaged too, and a void follows with
  // the next commit. `done` runs on the journal's thread.
  virtual void read(EpochId epoch, RangeSet wanted, std::size_t max_records, std::size_t max_readings,
                    std::function<void(std::vector<meter::StoredRecord>)> done) = 0;
  // The newest layout with this id that the journal knows; nullptr if none.
  virtual void layout(std::string id, std::function<void(meter::LayoutPtr)> done) = 0;

  virtual Status status() const = 0;
};

// For `congto export` and tests when no agent runs: every record of the file in order, without writing to it,
// until `visit` gives false. Damaged records are left out. Fails when an agent holds the journal.
Result<void> for_each_record(const std::filesystem::path& file,
                             const std::function<bool(const meter::StoredRecord&)>& visit);

}  // namespace congto::journal
