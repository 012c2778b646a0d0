// What an agent says of itself: status, online, meta. A status is answered by the one consumer that was first
// to store it: with what is settled of the epochs that it lists, and with a request for what is missing.
#pragma once

#include "agent/central/database.hpp"
#include "agent/central/intake.hpp"
#include "agent/central/outcome.hpp"

namespace congto::central {

// Each is one transaction, committed at the end; throws DatabaseError, and then nothing was stored.
Outcome store_status(Database& database, const Taken& taken);
// Another step back along the chain of epochs: asks, by what the agent's last status said, for what is
// missing now that a start record told of an epoch before. Not without a status of the last minutes.
Outcome ask_further(Database& database, const std::string& agent);
Outcome store_online(Database& database, const Taken& taken);
Outcome store_meta(Database& database, const Taken& taken);
// A payload that is parked as a whole.
Outcome store_unusable(Database& database, const Taken& taken, const std::string& reason);

}  // namespace congto::central
