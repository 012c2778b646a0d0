// Salvage: what can still be read of a damaged journal moves into a new one under its own numbers.
// Used by the store when it opens the file; journal's thread.
#pragma once

#include "agent/journal/epochs.hpp"
#include "agent/journal/journal_file.hpp"

namespace congto::journal {

// Small enough to be copied while commits wait, and not so damaged that it claims more records than its file
// has bytes.
bool salvageable(JournalFile& damaged, const Epochs& epochs);
// Epochs and records, in one transaction. A record that is missing then counts as held still: reading finds
// it out, and a void follows. Throws
// DatabaseError when the new file cannot be written.
void salvage(JournalFile& damaged, const Epochs& epochs, JournalFile& fresh);

}  // namespace congto::journal
