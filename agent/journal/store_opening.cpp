// Opening the file: whose it is, what becomes of a damaged one, and of what was lost with it.
#include <algorithm>
#include <utility>

#include "agent/journal/salvage.hpp"
#include "agent/journal/store.hpp"

namespace congto::journal {

Result<void> Store::open() {
  try {
    return connect();
  } catch (const DatabaseError& error) {
    failed(error.what());
    return {};
  }
}

Result<void> Store::connect() {
  file_.reset();
  std::error_code ignored;  // open_for_writing says what is wrong with the directory
  if (settings_.file.has_parent_path())
    std::filesystem::create_directories(settings_.file.parent_path(), ignored);
  if (lock_.take(settings_.file, FileLock::Kind::exclusive) == FileLock::Outcome::held) {
    return Error{"another agent (pid " + lock_.holder() + ") holds the journal " + settings_.file.string() +
                 ": stop it, or give this one a state directory of its own"};
  }
  // Without a lock file (a disk that cannot be written) SQLite's own exclusive lock still guards the journal.
  return adopt(open_file());
}

std::unique_ptr<JournalFile> Store::open_file() {
  const bool distrusted = std::exchange(distrusted_, false);
  auto file = open_for_writing(settings_.file, settings_.agent);
  if (file && !distrusted && file->sound()) return file;
  return replace(std::move(file));
}

// What `damaged` (nullptr: not even to be opened) says it holds; nothing where that cannot be read.
Epochs Store::epochs_of(JournalFile* damaged) const {
  try {
    if (damaged != nullptr && damaged->agent() == settings_.agent) return load_epochs(damaged->database);
  } catch (const DatabaseError& error) {
    if (!error.damaged() && !error.unreadable()) throw;
  }
  return {};
}

// Mostly only some of its records are damaged. It is read on while it lies under its new name.
std::unique_ptr<JournalFile> Store::replace(std::unique_ptr<JournalFile> damaged) {
  auto known = epochs_of(damaged.get());
  status_.set_aside = set_aside(settings_.file, "damaged");
  std::unique_ptr<JournalFile> fresh;
  bool copied = false;
  const auto lose_it = [&] {
    if (!loaded_) epochs_ = std::move(known);
    lose_all_but({});
  };
  try {
    fresh = open_for_writing(settings_.file, settings_.agent);
    if (!fresh) throw DatabaseError(0, "a new journal is damaged as soon as it is made: the disk is failing");
    copied = damaged && salvageable(*damaged, known);
    if (copied) salvage(*damaged, known, *fresh);
  } catch (const DatabaseError&) {
    lose_it();  // the disk does not let it; the new journal will begin with nothing
    throw;
  }
  if (!copied) lose_it();
  return fresh;
}

Result<void> Store::adopt(std::unique_ptr<JournalFile> file) {
  auto found = load_epochs(file->database);
  if (const auto owner = file->agent(); owner != settings_.agent) {
    if (const auto why_not = why_refused(owner, found); !why_not.empty()) return Error{why_not};
    // Its chain of epochs belongs to the other name; all of it has been acknowledged.
    file.reset();
    status_.set_aside = set_aside(settings_.file, "other-agent");
    file = open_file();
    found = load_epochs(file->database);
  }
  file_ = std::move(file);
  if (loaded_ && exchanged(found)) {
    if (!epochs_.empty()) lose_all_but(found);
    loaded_ = false;
  }
  written_ = found;
  if (!loaded_) {
    epochs_ = std::move(found);
    queue_.dating = run_.dating;
    if (reconnect_) tell_found();
  }
  status_.file_bytes = file_->file_bytes();
  limit_ring(true);
  loaded_ = true;
  reconnect_ = false;
  return {};
}

// Another file than before (a disk mounted over it, a copy put back): it lacks what was committed, or has
// what another run wrote. What it has beyond is then no unconfirmed commit of ours, to be erased.
bool Store::exchanged(const Epochs& found) const {
  if (!epochs_.empty() && find(found, epochs_.rbegin()->second.id) == found.end()) return true;
  return std::any_of(found.begin(), found.end(), [this](const auto& entry) {
    const Epoch& epoch = entry.second;
    const bool of_this_run = epoch.boot_id == run_.boot_id && epoch.started == run_.started;
    return !of_this_run && find(epochs_, epoch.id) == epochs_.end();
  });
}

// Others fill and clear the disk too. What they clear is ours from the next commit on. What they fill we hear
// of as a commit that fails, and the file is then opened anew.
void Store::limit_ring(bool just_opened) {
  std::error_code unknown;
  std::uint64_t room = std::filesystem::space(settings_.file, unknown).available;
  if (unknown) return;  // as it was
  for (const char* part : {"", "-wal"}) {
    const auto bytes = std::filesystem::file_size(settings_.file.string() + part, unknown);
    if (!unknown) room += bytes;
  }
  if (just_opened) {
    eviction_.limit(ring_bytes(settings_.max_bytes, status_.file_bytes, room));
  } else {
    eviction_.raise_limit(ring_bytes(settings_.max_bytes, 0, room));
  }
}

std::string Store::why_refused(const std::string& owner, const Epochs& found) const {
  std::uint64_t unsettled = 0;
  for (const auto& [no, epoch] : found) unsettled += epoch.unsettled().count();
  if (unsettled == 0) return {};
  return "the journal " + settings_.file.string() + " belongs to the agent \"" + owner + "\" and holds " +
         std::to_string(unsettled) + " records that the centre has not acknowledged: run with agent = \"" +
         owner + "\" until it has, or move the file away";
}

// Too late for the epochs() of those who asked at start.
void Store::tell_found() const {
  if (!handlers_.found) return;
  for (const auto& [no, epoch] : epochs_) handlers_.found(state_of(epoch));
}

// The file was lost, or another one that holds `kept` is in its place. What it held beyond that and nobody
// acknowledged will not come: say so in the epoch that begins.
void Store::lose_all_but(const Epochs& kept) {
  run_.why = "journal-lost";
  for (const auto& [no, epoch] : epochs_) {
    auto lost = epoch.held();
    if (const auto at = find(kept, epoch.id); at != kept.end()) lost.remove(at->second.held());
    for (const auto& range : lost.ranges()) queue_.lost.push_back({epoch.id, range});
    for (const auto& range : lost.intersection(epoch.unsettled()).ranges()) {
      queue_.losses.push_back({epoch.id, range.first, range.last, "corrupt"});
    }
  }
  if (!epochs_.empty()) {
    run_.lost = meter::Start::Previous{epochs_.rbegin()->second.id, epochs_.rbegin()->second.last};
  }
  epochs_.clear();
  queue_.damaged.clear();
  eviction_ = Eviction(RingLimits{settings_.max_age, settings_.max_bytes});
  begin_anew();
}

}  // namespace congto::journal
