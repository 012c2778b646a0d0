// for_each_record: the journal's content for `congto export` while no agent runs, read without writing.
#include "agent/journal/epochs.hpp"
#include "agent/journal/file_lock.hpp"
#include "agent/journal/journal.hpp"
#include "agent/journal/journal_file.hpp"

namespace congto::journal {

Result<void> for_each_record(const std::filesystem::path& file,
                             const std::function<bool(const meter::StoredRecord&)>& visit) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    return Error{"there is no journal " + file.string() +
                 ": give the state directory of the agent with --state"};
  }
  FileLock lock;
  if (lock.take(file, FileLock::Kind::shared) == FileLock::Outcome::held) {
    return Error{"the agent (pid " + lock.holder() + ") is writing the journal " + file.string() +
                 ": stop it first, or copy the journal and export the copy"};
  }
  try {
    const auto journal = open_for_reading(file);
    bool wanted = true;
    for (const auto& [no, epoch] : load_epochs(journal->database)) {
      for (const auto& range : epoch.held().ranges()) {
        if (!wanted) return {};
        journal->records.read(no, range, [&](std::uint64_t seq, std::optional<meter::Record> record) {
          if (record) wanted = visit({{epoch.id, seq}, std::move(*record), epoch.dating_of(seq)});
          return wanted;
        });
      }
    }
  } catch (const DatabaseError& error) {
    return Error{"cannot read the journal " + file.string() + ": " + error.what()};
  }
  return {};
}

}  // namespace congto::journal
