// down/ack: what the centre has settled; written by the centre, read by the agent.
// Pure: text in, values out and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::contract {

struct Ack {
  std::string centre;
  WallTime now;
  struct Settled {
    EpochId epoch;
    RangeSet ranges;
  };
  std::vector<Settled> acks;
};

// The lowest max_ack_ranges ranges of each epoch; what lies above is for a later ack.
std::string write(const Ack& ack);
// Fails as a whole when any part of it is wrong: a half-understood ack must not settle anything.
Result<Ack> parse_ack(std::string_view text);

}  // namespace congto::contract
