// Committing, and the way out of every failure; the opening is in store_opening.cpp.
#include "agent/journal/store.hpp"

#include <algorithm>
#include <utility>

namespace congto::journal {

Store::Store(Settings settings, const Clock& clock, Handlers handlers)
    : settings_(std::move(settings)),
      clock_(clock),
      handlers_(std::move(handlers)),
      eviction_(RingLimits{settings_.max_age, settings_.max_bytes}) {
  run_.boot_id = settings_.boot_id;
  run_.started = clock_.boot();
  run_.shown = clock_.wall();
  run_.id = EpochId::random();
}

// Never the id of an epoch that the disk may have, whole or in part, without having said so.
void Store::begin_anew() {
  run_.id = EpochId::random();
  run_.epoch_no = 0;
}

bool Store::waiting() const { return !queue_.empty() || epochs_changed_ || !file_ || reconnect_; }

bool Store::commit(bool closing) {
  do {
    if (!commit_once(closing)) return false;
  } while (!queue_.empty());
  return true;
}

bool Store::commit_once(bool closing) {
  for (bool again = true;; again = false) {
    const bool left_rows = eviction_.leaves_rows();
    try {
      if (!file_ || reconnect_) {
        const auto connected = connect();
        if (!connected) {
          failed(connected.error().message);
          return false;
        }
      }
      limit_ring(false);
      CommitRun run(*file_, run_, queue_, eviction_, clock_.boot());
      run.choose_victims(epochs_);
      Transaction transaction(file_->database);
      auto result =
          run.execute(written_, epochs_, closing && queue_.records.size() <= CommitRun::max_records);
      transaction.commit();
      accept(std::move(result));
      return true;
    } catch (const DatabaseError& error) {
      failed(error.what());
      if (!again) return false;
      if (eviction_.leaves_rows() && !left_rows) {
        tell_trouble();  // the next try mostly succeeds, and would hide it
        continue;
      }
      if (!error.damaged()) return false;
      distrusted_ = true;
    }
  }
}

void Store::accept(CommitResult result) {
  run_.epoch_no = result.epoch_no;
  if (run_.epoch_no != 0) {
    run_.why.clear();
    run_.lost.reset();
  }
  epochs_ = std::move(result.epochs);
  written_ = epochs_;
  epochs_changed_ = false;
  const auto taken = static_cast<std::ptrdiff_t>(result.taken);
  queue_.records.erase(queue_.records.begin(), queue_.records.begin() + taken);
  queue_.dropped = 0;
  queue_.losses.clear();
  queue_.lost.clear();
  queue_.damaged.clear();
  queue_.dating.reset();
  queue_.references.clear();
  ++status_.commits;
  status_.durable = true;
  status_.file_bytes = file_->file_bytes();
  trouble_.clear();
  if (handlers_.dated) {
    for (const auto& [epoch, range] : result.dated) handlers_.dated(epoch, range);
  }
  const bool something = !result.commit.records.empty() || !result.commit.evicted.empty();
  if (handlers_.committed && something) handlers_.committed(std::move(result.commit));
}

void Store::close() {
  if (waiting() || run_.epoch_no != 0) commit(true);
}

void Store::failed(const std::string& why) {
  if (file_) file_->layouts.forget();
  if (run_.epoch_no != 0) run_.why = "journal-blocked";
  begin_anew();
  reconnect_ = true;
  status_.durable = false;
  trim();
  trouble_ = "memory: cannot write " + settings_.file.string() + ": " + why + "; records wait in memory";
}

void Store::tell_trouble() {
  const auto now = status().trouble;
  if (now == told_) return;
  told_ = now;
  if (handlers_.trouble) handlers_.trouble(now.empty() ? "writing" : now);
}

// While the file can be written the queue is short: the worker commits early when it grows.
void Store::trim() {
  while (queue_.records.size() > settings_.max_records_in_memory) {
    queue_.records.pop_front();
    ++queue_.dropped;
    ++status_.dropped;
  }
}

void Store::append(std::deque<meter::Record> records, std::uint64_t dropped) {
  queue_.dropped += dropped;
  status_.dropped += dropped;
  for (auto& record : records) queue_.records.push_back(std::move(record));
  if (!status_.durable) trim();
}

void Store::date(const meter::Dating& dating) {
  if (run_.dating == dating) return;
  run_.dating = dating;
  queue_.dating = dating;
}

void Store::reference(ClockReference reference) { queue_.references.push_back(std::move(reference)); }

void Store::settle(const EpochId& epoch, const RangeSet& ranges) {
  const auto at = find(epochs_, epoch);
  if (at == epochs_.end()) return;
  auto& found = epochs_.at(at->first);
  auto settled = found.settled;
  settled.add(ranges.clipped({1, found.last}));
  epochs_changed_ = epochs_changed_ || settled != found.settled;
  found.settled = std::move(settled);
}

void Store::withdraw(const EpochId& epoch, const RangeSet& ranges) {
  const auto at = find(epochs_, epoch);
  if (at == epochs_.end()) return;
  auto& found = epochs_.at(at->first);
  auto settled = found.settled;
  settled.remove(ranges);
  epochs_changed_ = epochs_changed_ || settled != found.settled;
  found.settled = std::move(settled);
}

Status Store::status() const {
  auto status = status_;
  status.trouble = trouble_;
  if (trouble_.empty() && !status.set_aside.empty()) {
    status.trouble = "a journal that could not be used was set aside as " + status.set_aside;
  }
  status.records_in_memory = queue_.records.size();
  status.undated = undated_records(epochs_) + (run_.dating ? 0 : queue_.records.size());
  return status;
}

std::vector<meter::StoredRecord> Store::read(const EpochId& epoch, const RangeSet& wanted,
                                             std::size_t max_records, std::size_t max_readings) {
  std::vector<meter::StoredRecord> records;
  const auto at = find(epochs_, epoch);
  if (at == epochs_.end() || !file_) return records;
  const auto& [no, known] = *at;
  std::size_t readings = 0;
  const auto take = [&](std::uint64_t seq, std::optional<meter::Record> record) {
    if (!record) {
      queue_.damaged[no].add(Range{seq, seq});
      return true;
    }
    const auto* sample = std::get_if<meter::Sample>(&*record);
    readings += sample != nullptr ? sample->quality.size() : 1;
    if (!records.empty() && readings > max_readings) return false;
    records.push_back({{epoch, seq}, std::move(*record), known.dating_of(seq)});
    return records.size() < max_records;
  };
  auto held = wanted.intersection(known.held());
  if (const auto bad = queue_.damaged.find(no); bad != queue_.damaged.end()) held.remove(bad->second);
  try {
    for (const auto& range : held.ranges()) {
      if (records.size() >= max_records || readings >= max_readings) break;
      file_->records.read(no, range, take);
    }
  } catch (const DatabaseError& error) {
    trouble_ = "cannot read " + settings_.file.string() + ": " + error.what();
  }
  return records;
}

meter::LayoutPtr Store::layout(const std::string& id) {
  if (!file_) return nullptr;
  try {
    return file_->layouts.find(id);
  } catch (const DatabaseError& error) {
    trouble_ = "cannot read " + settings_.file.string() + ": " + error.what();
    return nullptr;
  }
}

}  // namespace congto::journal
