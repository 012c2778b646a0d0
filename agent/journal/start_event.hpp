// The Start record of an epoch: which epoch came before, why that one ended, and from when on nothing was
// polled. Pure but for reading the newest records of the epoch before; used by the commit.
#pragma once

#include <optional>
#include <string>

#include "agent/journal/epochs.hpp"
#include "agent/journal/records.hpp"
#include "drivers/meter/record.hpp"

namespace congto::journal {

// What the new epoch knows about itself.
struct Beginning {
  std::string boot_id;
  BootTime now;
  std::optional<meter::Dating> dating;         // of this boot, if time is known
  std::string why;                             // empty: find out from the epoch before
  std::optional<meter::Start::Previous> lost;  // the epoch before, when its file was lost while we ran
};

// "stop", "power", "crash", or "first" without an epoch before.
std::string why_ended(const Epoch* previous, const std::string& boot_id);

// The first slot that the epoch no longer covered: over the meters of its last layout, the earliest of (last
// covered slot + interval). Nothing when that cannot be said in wall time. Never later than `beginning.now`.
std::optional<WallTime> uncovered_since(std::int64_t no, const Epoch& previous, RecordTable& records,
                                        const Beginning& beginning);

meter::Start make_start(const Epochs& epochs, RecordTable& records, const Beginning& beginning);

}  // namespace congto::journal
