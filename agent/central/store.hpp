// Store: a group of what was taken in, into the database. What the database refuses for its content is found
// by halving and parked alone, so that it never stops the others.
#pragma once

#include <vector>

#include "agent/central/database.hpp"
#include "agent/central/intake.hpp"
#include "agent/central/outcome.hpp"

namespace congto::central {

// What to do with what the server, though in order, does not store for a reason that is not known to be the
// content's: wait, or leave it out, neither stored nor settled, and store the others.
enum class Unknown { wait, leave_out };
// Such a reason: a statement that fails by itself (a bug, a trigger, a missing right), not a server that is
// away.
bool fails_by_itself(const DatabaseError& error);

// Meta first, so that samples find their layout; then batches; status last, so that its answer names what was
// just settled. Of several status of one agent only the newest counts. Throws DatabaseError of kind away or
// again: then some of the group may be stored, and to store it all again is right.
Outcome store(Database& database, const std::vector<Taken>& group, Unknown unknown = Unknown::wait);

}  // namespace congto::central
