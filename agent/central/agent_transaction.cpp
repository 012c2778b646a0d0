// The small transactions, and the claim by which of several consumers only one answers. A crash of the
// database may undo the last half second of them: then an answer comes twice, or a layout is asked for.
#include "agent/central/agent_transaction.hpp"

#include <algorithm>
#include <chrono>

#include "agent/central/hole_finder.hpp"
#include "agent/central/parking.hpp"
#include "agent/central/registry.hpp"
#include "agent/central/sql_text.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::central {

namespace {

using std::chrono::seconds;

// Why this agent may not say what it says; empty where it may.
std::string not_admitted(const std::map<std::string, EnrolledAgent>& agents, const std::string& name,
                         const std::string& site) {
  const auto agent = agents.find(name);
  if (agent == agents.end()) return "agent \"" + name + "\" is not enrolled here";
  if (!site.empty() && agent->second.site != site) {
    return "agent \"" + name + "\" is enrolled for site \"" + agent->second.site + "\", and sends as \"" +
           site + "\"";
  }
  return {};
}

// True for the consumer that is the first to store this status.
bool claim(Database& database, std::int64_t agent_id, const StatusReport& status) {
  const auto rows = database.run(
      "insert into agent_status (agent_id, status, status_sent, status_at, claimed) "
      "values ($1, $2, $3, now(), array[$3::bigint]) "
      "on conflict (agent_id) do update set status = excluded.status, status_sent = excluded.status_sent, "
      "status_at = now(), claimed = (excluded.claimed || agent_status.claimed)[1:16] "
      "where not excluded.status_sent = any(agent_status.claimed) returning 1",
      {std::to_string(agent_id), status.text, std::to_string(contract::unix_ms(status.parsed.sent))});
  return rows.size() > 0;
}

// The agent's epochs that are neither closed nor complete, and those that the status names.
std::vector<LedgerEntry> ledger_entries(Database& database, std::int64_t agent_id,
                                        const contract::Status& status) {
  ArrayText named;
  named.add(status.epoch.text());
  for (const auto& backlog : status.epochs) named.add(backlog.epoch.text());
  const auto rows = database.run(
      // Locked in the order of Ledger::lock(), so that neither waits for the other for ever.
      "with locked as (select e.epoch_id, replace(e.epoch::text, '-', ''), e.settled::text, n.last, "
      "extract(epoch from now() - e.asked_at)::bigint, extract(epoch from e.asked_pause)::bigint "
      "from epoch e left join lateral (select max(prev_last) as last from epoch n "
      "where n.agent_id = e.agent_id and n.prev = e.epoch) n on true "
      "where e.agent_id = $1 and (e.epoch = any($2::uuid[]) or (e.closed_at is null and "
      "(n.last is null or not e.settled @> int8range(1, n.last, '[]')))) "
      "order by e.epoch for no key update of e) select * from locked order by epoch_id",
      {std::to_string(agent_id), named.text()});
  std::vector<LedgerEntry> entries;
  const auto number = [&](std::size_t row, int column) {
    return rows.is_null(row, column) ? std::optional<std::int64_t>() : rows.integer(row, column);
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    LedgerEntry entry;
    entry.epoch = EpochId::parse(rows.text(i, 1)).value();
    entry.settled = parse_multirange(rows.text(i, 2)).value();
    if (const auto last = number(i, 3)) entry.last = static_cast<std::uint64_t>(*last);
    if (const auto ago = number(i, 4)) entry.asked_ago = seconds(*ago);
    if (const auto pause = number(i, 5)) entry.pause = seconds(*pause);
    entries.push_back(std::move(entry));
  }
  return entries;
}

void note_requests(Database& database, std::int64_t agent_id, const std::vector<Hole>& holes) {
  for (const auto& hole : holes) {
    database.run(
        "insert into epoch (agent_id, epoch, asked_at, asked_pause) values ($1, $2, now(), "
        "make_interval(secs => $3)) "
        "on conflict (agent_id, epoch) do update set asked_at = now(), asked_pause = excluded.asked_pause",
        {std::to_string(agent_id), hole.epoch.text(), std::to_string(hole.pause.count())});
  }
}

// Layouts that samples were read with and that nobody has told of.
std::vector<std::string> unknown_layouts(Database& database, std::int64_t agent_id) {
  const auto rows = database.run(
      "update layout set asked_at = now() where agent_id = $1 and body is null "
      "and (asked_at is null or asked_at not between now() - interval '2 minutes' and now()) and layout_id "
      "in "
      "(select layout_id from layout where agent_id = $1 and body is null order by asked_at nulls first "
      "limit $2) "
      "returning id",
      {std::to_string(agent_id), std::to_string(contract::max_request_metas)});
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < rows.size(); ++i) ids.emplace_back(rows.text(i, 0));
  return ids;
}

Answer answer_to(Database& database, const std::string& agent, std::int64_t agent_id,
                 const contract::Status& status) {
  const auto entries = ledger_entries(database, agent_id, status);
  Answer answer;
  answer.agent = agent;
  for (const auto& entry : entries) {
    const bool named = entry.epoch == status.epoch ||
                       std::any_of(status.epochs.begin(), status.epochs.end(),
                                   [&](const auto& backlog) { return backlog.epoch == entry.epoch; });
    if (named && !entry.settled.empty()) answer.settled.push_back({agent, entry.epoch, entry.settled});
  }
  const auto holes = find_holes(status, entries);
  note_requests(database, agent_id, holes);
  for (const auto& hole : holes) answer.request.requests.push_back({hole.epoch, hole.ranges});
  answer.request.metas = unknown_layouts(database, agent_id);
  return answer;
}

Outcome parked(Database& database, const Taken& taken, const std::string& reason) {
  Outcome outcome;
  outcome.troubles.push_back(contract::clipped(taken.arrival.topic, 200) + ": parked: " + reason);
  outcome.counts.parked_payloads = 1;
  std::vector<DeadLetter> letters{
      {taken.agent, taken.arrival.topic, std::nullopt, std::nullopt, reason, taken.arrival.payload}};
  park(database, letters);
  return outcome;
}

}  // namespace

Outcome store_status(Database& database, const Taken& taken) {
  const auto& status = std::get<StatusReport>(taken.content);
  Transaction transaction(database, Durable::soon);
  const auto agents = enrolled(database, {taken.agent});
  Outcome outcome;
  if (const auto reason = not_admitted(agents, taken.agent, status.parsed.site); !reason.empty()) {
    outcome = parked(database, taken, reason);
  } else if (const auto id = agents.at(taken.agent).id; claim(database, id, status)) {
    outcome.answers.push_back(answer_to(database, taken.agent, id, status.parsed));
  }
  transaction.commit();
  return outcome;
}

Outcome ask_further(Database& database, const std::string& agent) {
  Transaction transaction(database, Durable::soon);
  // Three missed ones later it is gone: what it said then is no ground to ask for anything.
  const auto rows = database.run(
      "select a.agent_id, s.status from agent a join agent_status s using (agent_id) "
      "where a.name = $1 and a.removed_at is null and s.status_at > now() - interval '3 minutes'",
      {agent});
  Outcome outcome;
  if (rows.size() == 0 || rows.is_null(0, 1)) return outcome;
  const auto status = contract::parse_status(rows.text(0, 1));
  if (!status) return outcome;  // of an earlier version; the next one is of this
  auto answer = answer_to(database, agent, rows.integer(0, 0), *status);
  if (!answer.request.empty()) outcome.answers.push_back(std::move(answer));
  transaction.commit();
  return outcome;
}

Outcome store_online(Database& database, const Taken& taken) {
  Transaction transaction(database, Durable::soon);
  const auto agents = enrolled(database, {taken.agent});
  Outcome outcome;
  if (const auto reason = not_admitted(agents, taken.agent, ""); !reason.empty()) {
    outcome = parked(database, taken, reason);
  } else {
    database.run(
        "insert into agent_status (agent_id, online, online_at) values ($1, $2, now()) on conflict "
        "(agent_id) do update "
        "set online = excluded.online, online_at = now() where agent_status.online is distinct from "
        "excluded.online",
        {std::to_string(agents.at(taken.agent).id), std::get<bool>(taken.content) ? "true" : "false"});
  }
  transaction.commit();
  return outcome;
}

Outcome store_meta(Database& database, const Taken& taken) {
  const auto& meta = std::get<Meta>(taken.content);
  Transaction transaction(database, Durable::soon);
  const auto agents = enrolled(database, {taken.agent});
  Outcome outcome;
  if (const auto reason = not_admitted(agents, taken.agent, meta.parsed.site); !reason.empty()) {
    outcome = parked(database, taken, reason);
  } else {
    const auto id = agents.at(taken.agent).id;
    std::set<Registry::Name> meters;
    for (const auto& meter : meta.parsed.meters) meters.insert({id, meter.name});
    Registry registry(database);
    registry.load(meters, {{id, meta.parsed.id}});
    registry.save_layout(id, meta.parsed, meta.text, true);
  }
  transaction.commit();
  return outcome;
}

Outcome store_unusable(Database& database, const Taken& taken, const std::string& reason) {
  Transaction transaction(database);
  auto outcome = parked(database, taken, reason);
  transaction.commit();
  return outcome;
}

}  // namespace congto::central
