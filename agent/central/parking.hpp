// Parking: what can't be taken is kept raw with its reason, once by its content, and up to a limit an agent;
// beyond it is counted, and nobody may call it settled. Used inside the transactions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/central/database.hpp"
#include "drivers/core/epoch.hpp"

namespace congto::central {

struct DeadLetter {
  std::string agent;  // by the topic; may be empty
  std::string topic;
  std::optional<EpochId> epoch;
  std::optional<std::uint64_t> seq;
  std::string reason;
  std::string payload;
  bool kept = false;  // by park(): false when the agent has too many already
};

// So many a name: an agent gone wrong must not fill the centre's disk.
inline constexpr std::int64_t max_dead_letters = 10'000;

void park(Database& database, std::vector<DeadLetter>& letters);

}  // namespace congto::central
