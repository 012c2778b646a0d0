// Downlink: what is to be said to the agents, kept until the broker takes it: acknowledgements, of which a
// newer one replaces an older, answers to status, and requests. Pure but for the publish function; one
// thread.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <string>

#include "agent/central/outcome.hpp"
#include "drivers/core/clock.hpp"

namespace congto::central {

class Downlink {
 public:
  // False when the broker takes no more now.
  using Publish = std::function<bool(const std::string& topic, std::string payload)>;

  Downlink(std::string centre, Publish publish) : centre_(std::move(centre)), publish_(std::move(publish)) {}

  void add(const Outcome& outcome);
  // Publishes in the order in which agents came to have something due, as far as the broker takes it. `now`:
  // the time that acknowledgements tell.
  void flush(WallTime now);
  std::size_t waiting() const { return order_.size(); }

 private:
  struct Due {
    std::map<EpochId, RangeSet> settled;
    bool answer = false;                         // an acknowledgement is due even if it names nothing
    std::deque<contract::DataRequest> requests;  // the ledger calls each of them asked
  };
  Due& due(const std::string& agent);
  bool flush_one(const std::string& agent, Due& due, WallTime now);

  std::string centre_;
  Publish publish_;
  std::map<std::string, Due> due_;
  std::deque<std::string> order_;
};

}  // namespace congto::central
