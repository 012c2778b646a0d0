// Record by record: layouts get new numbers, checksums are made anew.
#include "agent/journal/salvage.hpp"

#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

// What was read of `damaged`; an error of writing is the caller's.
void copy(JournalFile& damaged, std::int64_t no, Range seqs, JournalFile& fresh) {
  std::optional<DatabaseError> not_written;
  try {
    damaged.records.read(no, seqs, [&](std::uint64_t seq, std::optional<meter::Record> record) {
      if (!record) return true;
      try {
        fresh.records.insert(record_key(no, seq), *record);
      } catch (const DatabaseError& error) {
        not_written = error;
      }
      return !not_written;
    });
  } catch (const DatabaseError& error) {
    if (!error.unreadable()) throw;
  }
  if (not_written) throw DatabaseError(*not_written);
}

}  // namespace

bool salvageable(JournalFile& damaged, const Epochs& epochs) {
  std::uint64_t records = 0;
  for (const auto& [no, epoch] : epochs) records += epoch.held().count();
  return records > 0 && damaged.small() && records <= damaged.file_bytes();
}

void salvage(JournalFile& damaged, const Epochs& epochs, JournalFile& fresh) {
  Transaction transaction(fresh.database);
  for (const auto& [no, epoch] : epochs) {
    for (const auto& range : epoch.held().ranges()) copy(damaged, no, range, fresh);
  }
  write_changes(fresh.database, {}, epochs);
  transaction.commit();
}

}  // namespace congto::journal
