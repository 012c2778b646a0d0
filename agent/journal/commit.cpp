// The order of one commit: datings, beginning, queued records, voids, ranges.
#include "agent/journal/commit.hpp"

#include <algorithm>

#include "agent/journal/clock_references.hpp"
#include "agent/journal/record_codec.hpp"

namespace congto::journal {

CommitRun::CommitRun(JournalFile& file, const Run& run, const Queue& queue, Eviction& eviction, BootTime now)
    : file_(file), run_(run), queue_(queue), eviction_(eviction), now_(now) {}

void CommitRun::choose_victims(const Epochs& epochs) {
  if (queue_.records.empty()) return;
  const RingState state{file_.used_bytes(), std::min(queue_.records.size(), max_records), run_.boot_id, now_,
                        run_.dating};
  victims_ = eviction_.choose(epochs, file_.records, state);
}

CommitResult CommitRun::execute(const Epochs& written, const Epochs& epochs, bool closing) {
  result_ = {};
  result_.epochs = epochs;
  result_.epoch_no = run_.epoch_no;
  result_.commit.evicted = queue_.lost;
  const auto before = erase_unconfirmed(file_.database, written, epochs);
  add_references(file_.database, run_.boot_id, queue_.references);
  if (queue_.dating) {
    date_undated(result_.epochs, file_, run_.boot_id, *queue_.dating, result_.dated);
    if (result_.epoch_no != 0) current().date_from_next(*queue_.dating);
  }
  if (queue_.holds_records()) {
    if (result_.epoch_no == 0) begin_epoch();
    reserve_dropped();
    result_.taken = std::min(queue_.records.size(), max_records);
    for (std::size_t i = 0; i < result_.taken; ++i) insert(queue_.records[i]);
    for (const auto& loss : queue_.losses) insert(loss);
    // The rows themselves stay until their epoch goes: a write that meets a corrupt page ends the
    // transaction.
    for (const auto& [no, seqs] : queue_.damaged) give_up(no, seqs, seqs, "corrupt");
    evict();
  }
  if (closing && result_.epoch_no != 0) current().stopped = true;
  write_changes(file_.database, before, result_.epochs);
  return std::move(result_);
}

void CommitRun::evict() {
  std::vector<Eviction::Rows> rows;
  for (const auto& victim : victims_) {
    for (const auto& range : victim.records.ranges()) rows.push_back({victim.epoch_no, range});
    give_up(victim.epoch_no, victim.records, victim.unsettled, victim.why);
  }
  for (const auto no : prune(result_.epochs)) rows.push_back({no, {0, last_seq}});
  eviction_.erase(file_.records, rows);
}

void CommitRun::begin_epoch() {
  const Beginning beginning{run_.boot_id, now_, run_.dating, run_.why, run_.lost};
  const auto start = make_start(result_.epochs, file_.records, beginning);
  result_.epoch_no = result_.epochs.empty() ? 1 : result_.epochs.rbegin()->first + 1;
  Epoch epoch;
  epoch.id = run_.id;
  epoch.boot_id = run_.boot_id;
  epoch.started = run_.started;
  epoch.shown = run_.shown;
  if (run_.dating) epoch.date_from_next(*run_.dating);
  result_.epochs.emplace(result_.epoch_no, std::move(epoch));
  insert(start);
}

void CommitRun::insert(const meter::Record& record) {
  auto& epoch = current();
  ++epoch.last;
  file_.records.insert(record_key(result_.epoch_no, epoch.last), record);
  meter::StoredRecord stored{{epoch.id, epoch.last}, record, epoch.dating_of(epoch.last)};
  result_.commit.records.push_back(std::move(stored));
}

// What memory could not hold was never numbered. It gets numbers that have no rows, so that the centre counts
// it as it counts everything else that was given up.
void CommitRun::reserve_dropped() {
  if (queue_.dropped == 0) return;
  auto& epoch = current();
  const Range reserved{epoch.last + 1, epoch.last + queue_.dropped};
  epoch.last = reserved.last;
  epoch.gone.add(reserved);
  insert(meter::Void{epoch.id, reserved.first, reserved.last, "evicted"});
}

void CommitRun::give_up(std::int64_t epoch_no, const RangeSet& records, const RangeSet& missed,
                        const std::string& why) {
  const auto at = result_.epochs.find(epoch_no);
  if (at == result_.epochs.end()) return;
  const auto id = at->second.id;
  for (const auto& range : records.ranges()) {
    at->second.gone.add(range);
    result_.commit.evicted.push_back({id, range});
  }
  for (const auto& range : missed.ranges()) insert(meter::Void{id, range.first, range.last, why});
}

}  // namespace congto::journal
