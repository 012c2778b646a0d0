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

// So many, and so large in all, a name: an agent gone wrong must not fill the centre's disk.
inline constexpr std::int64_t max_dead_letters = 10'000;
inline constexpr std::int64_t max_dead_letter_bytes = 64 * 1024 * 1024;

void park(Database& database, std::vector<DeadLetter>& letters);
// What is told of this name's but not kept.
void count_overflow(Database& database, const std::string& agent, std::int64_t times,
                    const std::string& reason);

}  // namespace congto::central
