// Ledger: the rows of congto.epoch that a transaction holds locked: what is settled of each epoch decides
// what is new. Used by BatchTransaction and StatusTransaction.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>

#include "agent/central/database.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::central {

struct EpochKey {
  std::int64_t agent_id = 0;
  EpochId epoch;
  auto operator<=>(const EpochKey&) const = default;
};

class Ledger {
 public:
  struct Row {
    std::int64_t epoch_id = 0;
    RangeSet settled;
    RangeSet added;  // by this transaction
  };

  explicit Ledger(Database& database) : database_(database) {}

  // Makes the rows that are not there and locks all, in one order for every consumer. Once a transaction.
  void lock(const std::set<EpochKey>& keys);
  Row& at(const EpochKey& key) { return rows_.at(key); }
  const std::map<EpochKey, Row>& rows() const { return rows_; }
  void settle(const EpochKey& key, Range range);
  // Writes what was added.
  void save();

 private:
  Database& database_;
  std::map<EpochKey, Row> rows_;
};

}  // namespace congto::central
