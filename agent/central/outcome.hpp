// Outcome: what a transaction settled, to be told to the agents once it is committed; and what was counted.
// Plain values; made by the transactions, used by the writer and the downlink.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "agent/contract/request.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::central {

struct Settled {
  std::string agent;
  EpochId epoch;
  RangeSet ranges;  // all that is settled of it, not only what is new
};

struct Answer {
  std::string agent;
  std::vector<Settled> settled;
  contract::DataRequest request;  // empty where nothing is wanted
};

struct Counts {
  std::uint64_t records = 0, readings = 0;  // new ones
  std::uint64_t duplicates = 0;             // records that were there already, with the same content
  std::uint64_t conflicts = 0, parked_records = 0, parked_payloads = 0;
  Counts& operator+=(const Counts& other) {
    records += other.records;
    readings += other.readings;
    duplicates += other.duplicates;
    conflicts += other.conflicts;
    parked_records += other.parked_records;
    parked_payloads += other.parked_payloads;
    return *this;
  }
};

struct Outcome {
  std::vector<Settled> settled;
  std::vector<Answer> answers;        // to an up/status: sent even when nothing is settled
  std::set<std::string> chained;      // agents of which a new start record names the epoch before
  std::vector<std::string> troubles;  // for the log: who sent what, and why it was not taken
  Counts counts;
};

}  // namespace congto::central
