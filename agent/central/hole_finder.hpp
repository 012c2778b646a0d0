// What the centre asks an agent for again: holes in the ledger that the agent does not itself list as
// unacknowledged (contract.md, Delivery and Epochs). Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/contract/request.hpp"
#include "agent/contract/status.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::central {

// A row of the ledger, as far as it matters here.
struct LedgerEntry {
  EpochId epoch;
  RangeSet settled;
  std::optional<std::uint64_t> last;                     // by the start of its successor, where there is one
  std::optional<std::chrono::seconds> asked_ago, pause;  // the last request for it
};

// An answer takes a round trip and a transaction; a box on a slow line takes longer.
inline constexpr std::chrono::seconds first_pause{120};
inline constexpr std::chrono::seconds last_pause{3600};
// A request must fit into what an agent takes in one packet, 256 KiB: at 64 ranges an epoch some 2.4 kB each,
// and beside them max_request_metas names. The rest has its turn with the next status.
inline constexpr std::size_t max_holes = 64;

struct Hole {
  EpochId epoch;
  RangeSet ranges;             // at most max_ack_ranges, lowest first
  std::chrono::seconds pause;  // before it is asked for again
};

// At most max_holes. `entries`: the agent's epochs that are not closed.
std::vector<Hole> find_holes(const contract::Status& status, const std::vector<LedgerEntry>& entries);

}  // namespace congto::central
