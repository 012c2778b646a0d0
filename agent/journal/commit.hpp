// CommitRun: what one transaction writes: the epoch's beginning, datings, queued records, voids,
// acknowledgements. Works on a copy of the epochs, which counts only after the transaction; used by the
// store, journal's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/epochs.hpp"
#include "agent/journal/eviction.hpp"
#include "agent/journal/journal.hpp"
#include "agent/journal/journal_file.hpp"
#include "agent/journal/lost_time.hpp"
#include "agent/journal/start_event.hpp"

namespace congto::journal {

// Everything that waits for a commit, beside changed ranges of epochs.
struct Queue {
  std::deque<meter::Record> records;
  std::uint64_t dropped = 0;  // records that fell out of memory; they get numbers, and a void says so
  std::vector<meter::Void> losses;
  std::vector<Commit::Evicted> lost;         // with a file: all that it held
  std::map<std::int64_t, RangeSet> damaged;  // by epoch: rows that could not be read back
  std::optional<meter::Dating> dating;       // new since the last commit
  std::vector<ClockReference> references;

  bool holds_records() const {
    return !records.empty() || dropped > 0 || !losses.empty() || !damaged.empty();
  }
  bool empty() const { return !holds_records() && lost.empty() && !dating && references.empty(); }
};

// What a commit needs to know about this run.
struct Run {
  std::string boot_id;
  BootTime started;
  WallTime shown;
  std::optional<meter::Dating> dating;  // of this boot, if time is known
  EpochId id;
  std::int64_t epoch_no = 0;  // 0: the epoch begins with the next commit that holds a record
  std::string why;            // of that beginning; empty: find out from the epoch before
  std::optional<meter::Start::Previous> lost;
};

struct CommitResult {
  Epochs epochs;
  std::int64_t epoch_no = 0;  // of this run, 0 while it has none
  std::size_t taken = 0;      // from Queue::records
  Commit commit;
  Dated dated;
};

class CommitRun {
 public:
  // At most so many queued records go into one transaction.
  static constexpr std::size_t max_records = 5000;

  CommitRun(JournalFile& file, const Run& run, const Queue& queue, Eviction& eviction, BootTime now);
  // Before the transaction, which an error of reading would end.
  void choose_victims(const Epochs& epochs);
  // Within a transaction of the caller. `written` is what the file has, `epochs` what it shall have.
  CommitResult execute(const Epochs& written, const Epochs& epochs, bool closing);

 private:
  void begin_epoch();
  void insert(const meter::Record& record);
  void reserve_dropped();
  void evict();
  void give_up(std::int64_t epoch_no, const RangeSet& records, const RangeSet& missed,
               const std::string& why);
  Epoch& current() { return result_.epochs.at(result_.epoch_no); }

  JournalFile& file_;
  const Run& run_;
  const Queue& queue_;
  Eviction& eviction_;
  BootTime now_;
  std::vector<Victims> victims_;
  CommitResult result_;
};

}  // namespace congto::journal
