// down/request: what the centre wants again; written by the centre, read by the agent.
// Pure: text in, values out and back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::contract {

struct DataRequest {
  struct Wanted {
    EpochId epoch;
    RangeSet ranges;
  };
  std::vector<Wanted> requests;
  std::vector<std::string> metas;  // layout ids asked for
  bool empty() const { return requests.empty() && metas.empty(); }
};

// The lowest max_ack_ranges ranges of each epoch; what lies above is for a later request.
std::string write(const DataRequest& request);
// Fails as a whole when any part of it is wrong.
Result<DataRequest> parse_request(std::string_view text);

}  // namespace congto::contract
