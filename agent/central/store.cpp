// The order within a group, and the halving.
#include "agent/central/store.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "agent/central/agent_transaction.hpp"
#include "agent/central/batch_transaction.hpp"

namespace congto::central {

namespace {

void append(Outcome& all, Outcome one) {
  std::move(one.settled.begin(), one.settled.end(), std::back_inserter(all.settled));
  std::move(one.answers.begin(), one.answers.end(), std::back_inserter(all.answers));
  std::move(one.troubles.begin(), one.troubles.end(), std::back_inserter(all.troubles));
  all.counts += one.counts;
}

std::size_t records_in(const std::vector<Portion>& portions) {
  std::size_t count = 0;
  for (const auto& portion : portions) count += portion.size();
  return count;
}

// The first half of the records, and the rest. What the reader refused goes with the first records of its
// batch.
std::pair<std::vector<Portion>, std::vector<Portion>> halves(const std::vector<Portion>& portions) {
  std::pair<std::vector<Portion>, std::vector<Portion>> parts;
  std::size_t left = records_in(portions) / 2;
  for (const auto& portion : portions) {
    const auto taken = std::min(left, portion.size());
    left -= taken;
    auto first = portion, second = portion;
    first.last = second.first = portion.first + taken;
    const bool whole = taken == portion.size();
    if (taken > 0) parts.first.push_back(first);
    if (taken > 0) second.with_refused = false;
    if (!whole || (portion.size() == 0 && taken == 0)) parts.second.push_back(second);
  }
  return parts;
}

Outcome store_batches(Database& database, const std::vector<Portion>& portions, bool compare_all = false) {
  try {
    return BatchTransaction(database, portions, compare_all).run();
  } catch (const DatabaseError& error) {
    if (error.kind != DatabaseError::Kind::content) throw;
    // A key that is there although the ledger does not know it: looking at every record finds it.
    if (!compare_all) return store_batches(database, portions, true);
    if (records_in(portions) <= 1) {
      if (portions.size() == 1 && portions.front().size() == 0) {
        return store_unusable(database, *portions.front().taken, error.what());
      }
      if (portions.size() == 1) return BatchTransaction(database, portions, true).park_only(error.what());
    }
    Outcome outcome;
    const auto parts = portions.size() > 1 && records_in(portions) <= 1
                           ? std::pair(std::vector<Portion>{portions.front()},
                                       std::vector<Portion>(portions.begin() + 1, portions.end()))
                           : halves(portions);
    append(outcome, store_batches(database, parts.first, true));
    append(outcome, store_batches(database, parts.second, true));
    return outcome;
  }
}

// One of the small transactions; what the database refuses for its content is parked.
template <class Call>
void store_one(Outcome& outcome, Database& database, const Taken& taken, Call call) {
  try {
    append(outcome, call(database, taken));
  } catch (const DatabaseError& error) {
    if (error.kind != DatabaseError::Kind::content) throw;
    append(outcome, store_unusable(database, taken, error.what()));
  }
}

}  // namespace

Outcome store(Database& database, const std::vector<Taken>& group) {
  Outcome outcome;
  std::vector<Portion> portions;
  std::map<std::string, const Taken*> newest_status;
  for (const auto& taken : group) {
    if (const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content)) {
      portions.push_back({&taken, 0, (*batch)->parsed.records.size()});
    } else if (std::holds_alternative<StatusReport>(taken.content)) {
      newest_status[taken.agent] = &taken;
    } else if (std::holds_alternative<Meta>(taken.content)) {
      store_one(outcome, database, taken, store_meta);
    } else if (std::holds_alternative<bool>(taken.content)) {
      store_one(outcome, database, taken, store_online);
    } else if (const auto* const unusable = std::get_if<Unusable>(&taken.content)) {
      append(outcome, store_unusable(database, taken, unusable->reason));
    }
  }
  if (!portions.empty()) append(outcome, store_batches(database, portions));
  for (const auto& [agent, taken] : newest_status) store_one(outcome, database, *taken, store_status);
  return outcome;
}

}  // namespace congto::central
