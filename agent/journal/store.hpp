// Store: the journal without its thread: what is queued, what is on disk, and what happens when the disk
// fails. Used by the worker, whose thread is the only one to call it (open() comes before the thread starts).
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "agent/journal/commit.hpp"
#include "agent/journal/file_lock.hpp"
#include "agent/journal/journal.hpp"

namespace congto::journal {

class Store {
 public:
  Store(Settings settings, const Clock& clock, Handlers handlers);

  // Fails only where trying again would not help: another process has the journal, or another agent's
  // unacknowledged records are in it. Any other trouble leaves a store that keeps records in memory and tries
  // again with every commit.
  Result<void> open();

  const Epochs& epochs() const { return epochs_; }
  EpochId current() const { return run_.id; }
  Status status() const;

  // `dropped` records before these fell out of the caller's memory.
  void append(std::deque<meter::Record> records, std::uint64_t dropped);
  void date(const meter::Dating& dating);
  void reference(ClockReference reference);
  void settle(const EpochId& epoch, const RangeSet& ranges);
  void withdraw(const EpochId& epoch, const RangeSet& ranges);

  // Something waits for the next commit, or the file could not be written and must be tried again.
  bool waiting() const;
  // So much is queued that the commit should not wait for its time; while blocked it does.
  bool crowded(std::size_t records) const { return status_.durable && queue_.records.size() >= records; }
  // Calls the handler when the trouble is another than it was told last.
  void tell_trouble();
  // Writes all that waits, then tells the handlers. False: the disk did not let it; everything waits on.
  // `closing` also notes that this run ended cleanly.
  bool commit(bool closing = false);
  // The last commit of this run.
  void close();

  std::vector<meter::StoredRecord> read(const EpochId& epoch, const RangeSet& wanted, std::size_t max_records,
                                        std::size_t max_readings);
  meter::LayoutPtr layout(const std::string& id);

 private:
  Result<void> connect();
  std::unique_ptr<JournalFile> open_file();
  std::unique_ptr<JournalFile> replace(std::unique_ptr<JournalFile> damaged);
  Epochs epochs_of(JournalFile* damaged) const;
  Result<void> adopt(std::unique_ptr<JournalFile> file);
  bool exchanged(const Epochs& found) const;
  void limit_ring(bool just_opened);
  std::string why_refused(const std::string& owner, const Epochs& found) const;
  void lose_all_but(const Epochs& kept);
  void tell_found() const;
  void begin_anew();
  bool commit_once(bool closing);
  void accept(CommitResult result);
  void failed(const std::string& why);
  void trim();

  const Settings settings_;
  const Clock& clock_;
  const Handlers handlers_;
  FileLock lock_;
  std::unique_ptr<JournalFile> file_;
  Eviction eviction_;
  Run run_;
  Queue queue_;
  Epochs epochs_;                // as committed, with acknowledgements that wait for a commit
  Epochs written_;               // as the file has it
  bool loaded_ = false;          // epochs_ came from the file at least once
  bool epochs_changed_ = false;  // acknowledgements wait
  bool distrusted_ = false;      // the file turned out to be damaged while we ran: set it aside
  bool reconnect_ = false;       // a commit failed: what the file has must be looked at anew
  Status status_;
  std::string trouble_;  // empty: none
  std::string told_;     // to the handler
};

}  // namespace congto::journal
