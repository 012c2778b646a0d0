// The messages of contract.md that are not batches, and the names they go under; for both ends.
// Pure: text in, values out and back. Unknown fields are ignored; numbers are checked.
#pragma once

#include "agent/contract/ack.hpp"
#include "agent/contract/limits.hpp"
#include "agent/contract/online.hpp"
#include "agent/contract/request.hpp"
#include "agent/contract/status.hpp"
#include "agent/contract/topic.hpp"
