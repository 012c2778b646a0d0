// check_schema: are the tables there, are they those of this program, and may this user write them? Asked at
// every connect, and by `congto-central check`.
#pragma once

#include "agent/central/database.hpp"

namespace congto::central {

// Throws DatabaseError of kind away, with what to do about it.
void check_schema(Database& database);

}  // namespace congto::central
