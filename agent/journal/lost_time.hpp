// Dates the epochs of the journal that have no time yet, once the time of this boot is known.
// Used by the commit; reads newest records and clock references, decides with dating.hpp. Journal's thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agent/journal/epochs.hpp"
#include "agent/journal/journal_file.hpp"

namespace congto::journal {

// What could be dated by it: these records may go out.
using Dated = std::vector<std::pair<EpochId, Range>>;

// Undated epochs of this boot take `dating` as it is. Those of other boots are estimated, unless the dating
// is itself an estimate. What has been dated stays as it was.
void date_undated(Epochs& epochs, JournalFile& file, const std::string& boot_id, const meter::Dating& dating,
                  Dated& dated);

}  // namespace congto::journal
