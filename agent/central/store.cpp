// The order within a group, and the halving.
#include "agent/central/store.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <utility>

#include "agent/central/agent_transaction.hpp"
#include "agent/central/batch_transaction.hpp"
#include "agent/contract/json_text.hpp"

namespace congto::central {

namespace {

void append(Outcome& all, Outcome one) {
  std::move(one.settled.begin(), one.settled.end(), std::back_inserter(all.settled));
  std::move(one.answers.begin(), one.answers.end(), std::back_inserter(all.answers));
  std::move(one.troubles.begin(), one.troubles.end(), std::back_inserter(all.troubles));
  all.chained.merge(one.chained);
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

Outcome left_out(const Taken& taken, const DatabaseError& error) {
  Outcome outcome;
  outcome.troubles.push_back(contract::clipped(taken.arrival.topic, 200) +
                             ": something is neither stored nor acknowledged: " + error.what());
  return outcome;
}

Outcome store_batches(Database& database, const std::vector<Portion>& portions, Unknown unknown,
                      bool compare_all = false) {
  try {
    return BatchTransaction(database, portions, compare_all).run();
  } catch (const DatabaseError& error) {
    const bool content = error.kind == DatabaseError::Kind::content;
    if (!content && (unknown == Unknown::wait || !fails_by_itself(error))) throw;
    // A key that is there although the ledger does not know it: looking at every record finds it.
    if (!compare_all) return store_batches(database, portions, unknown, true);
    if (records_in(portions) <= 1) {
      if (portions.size() == 1 && !content) return left_out(*portions.front().taken, error);
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
    append(outcome, store_batches(database, parts.first, unknown, true));
    append(outcome, store_batches(database, parts.second, unknown, true));
    return outcome;
  }
}

// One of the small transactions; what the database refuses for its content is parked.
template <class Call>
void store_one(Outcome& outcome, Database& database, const Taken& taken, Unknown unknown, Call call) {
  try {
    append(outcome, call(database, taken));
  } catch (const DatabaseError& error) {
    if (error.kind == DatabaseError::Kind::content) {
      append(outcome, store_unusable(database, taken, error.what()));
    } else if (unknown == Unknown::leave_out && fails_by_itself(error)) {
      append(outcome, left_out(taken, error));
    } else {
      throw;
    }
  }
}

// After the answers to a status, so that nothing is asked for twice.
void walk_back(Outcome& outcome, Database& database) {
  for (const auto& agent : std::exchange(outcome.chained, {})) {
    try {
      append(outcome, ask_further(database, agent));
    } catch (const DatabaseError& error) {
      if (error.kind != DatabaseError::Kind::content && !fails_by_itself(error)) throw;
      outcome.troubles.push_back("agent \"" + agent +
                                 "\": its earlier epochs are not asked for: " + error.what());
    }
  }
}

}  // namespace

bool fails_by_itself(const DatabaseError& error) {
  // 0A: not supported; 23: a constraint that is not ours; 42: names and rights; P0: PL/pgSQL, of a trigger;
  // XX: internal errors.
  constexpr std::array<std::string_view, 5> classes{"0A", "23", "42", "P0", "XX"};
  return std::any_of(classes.begin(), classes.end(),
                     [&](std::string_view prefix) { return error.state.starts_with(prefix); });
}

Outcome store(Database& database, const std::vector<Taken>& group, Unknown unknown) {
  Outcome outcome;
  std::vector<Portion> portions;
  std::map<std::string, const Taken*> newest_status;
  for (const auto& taken : group) {
    if (const auto* const batch = std::get_if<std::unique_ptr<Batch>>(&taken.content)) {
      portions.push_back({&taken, 0, (*batch)->parsed.records.size()});
    } else if (std::holds_alternative<StatusReport>(taken.content)) {
      newest_status[taken.agent] = &taken;
    } else if (std::holds_alternative<Meta>(taken.content)) {
      store_one(outcome, database, taken, unknown, store_meta);
    } else if (std::holds_alternative<bool>(taken.content)) {
      store_one(outcome, database, taken, unknown, store_online);
    } else if (std::holds_alternative<Unusable>(taken.content)) {
      store_one(outcome, database, taken, unknown, [](Database& to, const Taken& one) {
        return store_unusable(to, one, std::get<Unusable>(one.content).reason);
      });
    }
  }
  if (!portions.empty()) append(outcome, store_batches(database, portions, unknown));
  for (const auto& [agent, taken] : newest_status)
    store_one(outcome, database, *taken, unknown, store_status);
  walk_back(outcome, database);
  return outcome;
}

}  // namespace congto::central
