// Locks in the order of the key, so that two consumers with the same epochs wait for one another and never
// for ever.
#include "agent/central/ledger.hpp"

#include <stdexcept>
#include <string>

#include "agent/central/sql_text.hpp"

namespace congto::central {

void Ledger::lock(const std::set<EpochKey>& keys) {
  if (keys.empty()) return;
  ArrayText agents, epochs;
  for (const auto& key : keys) {
    agents.add(key.agent_id);
    epochs.add(key.epoch.text());
  }
  const auto select = [&] {
    return database_.run(
        "select e.agent_id, replace(e.epoch::text, '-', ''), e.epoch_id, e.settled::text from epoch e "
        "join unnest($1::integer[], $2::uuid[]) as w(agent_id, epoch) using (agent_id, epoch) "
        "order by e.agent_id, e.epoch for no key update of e",
        {agents.text(), epochs.text()});
  };
  auto found = select();
  if (found.size() < keys.size()) {
    database_.run(
        "insert into epoch (agent_id, epoch) select w.agent_id, w.epoch from unnest($1::integer[], "
        "$2::uuid[]) "
        "as w(agent_id, epoch) order by 1, 2 on conflict do nothing",
        {agents.text(), epochs.text()});
    found = select();
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto epoch = EpochId::parse(found.text(i, 1));
    auto settled = parse_multirange(found.text(i, 3));
    if (!epoch || !settled) throw std::logic_error("a row of congto.epoch can't be read");
    rows_[{found.integer(i, 0), *epoch}] = {found.integer(i, 2), std::move(*settled), {}};
  }
}

void Ledger::settle(const EpochKey& key, Range range) {
  auto& row = at(key);
  if (row.settled.contains(range)) return;
  row.settled.add(range);
  row.added.add(range);
}

void Ledger::save() {
  ArrayText agents, ids, added;
  for (const auto& [key, row] : rows_) {
    if (row.added.empty()) continue;
    agents.add(key.agent_id);
    ids.add(row.epoch_id);
    added.add(multirange_text(row.added));
  }
  if (ids.size() == 0) return;
  database_.run(
      "update epoch e set settled = e.settled + w.added, last_heard = now(), asked_at = null, asked_pause = "
      "null "
      "from unnest($1::integer[], $2::integer[], $3::int8multirange[]) as w(agent_id, epoch_id, added) "
      "where e.agent_id = w.agent_id and e.epoch_id = w.epoch_id",
      {agents.text(), ids.text(), added.text()});
}

}  // namespace congto::central
