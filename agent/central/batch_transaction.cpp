// The order of things in a transaction: who may send, what is settled, what is new, what differs; then the
// rows (batch_rows.cpp), and last the ledger.
#include "agent/central/batch_transaction.hpp"

#include <algorithm>
#include <utility>

#include "agent/central/sql_text.hpp"
#include "agent/contract/field_reader.hpp"

namespace congto::central {

using contract::ParsedEvent;

namespace {

// So many are kept of an agent, with both contents; what comes beyond is counted.
constexpr std::int64_t max_conflicts = 10'000;

// The epochs that an event names beside its own: a void's, and a start's previous one.
std::optional<EpochId> named_epoch(const ParsedEvent& event) {
  const char* const field = event.event == "void" ? "void" : event.event == "start" ? "prev" : nullptr;
  if (field == nullptr) return std::nullopt;
  const auto json = contract::JsonView::check(event.json);
  if (!json) return std::nullopt;
  contract::FieldReader fields(*json, "record");
  const auto* const value = fields.find(field);
  if (value == nullptr) return std::nullopt;
  return contract::FieldReader(*value, field).epoch("epoch");
}

}  // namespace

Outcome BatchTransaction::run() {
  Transaction transaction(database_);
  if (admit()) {
    lock_ledger();
    sort();
    compare();
    load_names();
    store_layouts();
    store_samples();
    store_events();
    store_skipped();
    store_spans();
    tell_conflicts();
    refuse_unread();
  }
  finish();
  transaction.commit();
  return std::move(outcome_);
}

Outcome BatchTransaction::park_only(const std::string& reason) {
  Transaction transaction(database_);
  if (admit()) {
    lock_ledger();
    for (const auto* portion : admitted_) {
      const auto& record = portion->batch().parsed.records.at(portion->first);
      refuse({portion, &record, key_of(*portion), 0}, reason);
    }
    refuse_unread();
  }
  finish();
  transaction.commit();
  return std::move(outcome_);
}

// False when no batch is left.
bool BatchTransaction::admit() {
  std::set<std::string> names;
  for (const auto& portion : portions_) names.insert(portion.taken->agent);
  agents_ = enrolled(database_, names);
  for (const auto& portion : portions_) {
    const auto& header = portion.batch().parsed.header;
    const auto agent = agents_.find(portion.taken->agent);
    std::string reason;
    if (agent == agents_.end()) {
      reason = "agent \"" + portion.taken->agent + "\" is not enrolled here";
    } else if (agent->second.site != header.site) {
      reason = "agent \"" + portion.taken->agent + "\" is enrolled for site \"" + agent->second.site +
               "\", and sends as \"" + header.site + "\"";
    }
    if (reason.empty()) {
      admitted_.push_back(&portion);
      continue;
    }
    outcome_.troubles.push_back(portion.taken->arrival.topic + ": parked: " + reason);
    ++outcome_.counts.parked_payloads;
    letters_.push_back({portion.taken->agent, portion.taken->arrival.topic, std::nullopt, std::nullopt,
                        std::move(reason), portion.taken->arrival.payload});
  }
  return !admitted_.empty();
}

void BatchTransaction::lock_ledger() {
  std::set<EpochKey> keys;
  for (const auto* portion : admitted_) {
    const auto own = key_of(*portion);
    keys.insert(own);
    told_[own] = portion->taken->agent;
    const auto& records = portion->batch().parsed.records;
    for (std::size_t i = portion->first; i < portion->last; ++i) {
      const auto* const event = std::get_if<ParsedEvent>(&records[i].content);
      if (event == nullptr) continue;
      if (const auto epoch = named_epoch(*event)) keys.insert({own.agent_id, *epoch});
    }
  }
  ledger_.lock(keys);
}

void BatchTransaction::sort() {
  for (const auto* portion : admitted_) {
    const auto key = key_of(*portion);
    const auto& settled = ledger_.at(key).settled;
    const auto& batch = portion->batch();
    for (std::size_t i = portion->first; i < portion->last; ++i) {
      const Entry entry{portion, &batch.parsed.records[i], key, batch.hashes[i]};
      if (!entry.record->seq) {
        answers_.push_back(entry);
        continue;
      }
      (compare_all_ || settled.contains(entry.seq()) ? known_ : fresh_).push_back(entry);
    }
  }
}

std::map<EpochKey, BatchTransaction::Hashes> BatchTransaction::stored_hashes() {
  std::map<EpochKey, ArrayText> wanted;
  for (const auto& entry : known_) wanted[entry.key].add(static_cast<std::int64_t>(entry.seq()));
  std::map<EpochKey, Hashes> stored;
  for (const auto& [key, seqs] : wanted) {
    const auto rows = database_.run(
        "select seq, hash from sample where agent_id = $1 and epoch_id = $2 and seq = any($3::bigint[]) "
        "union all "
        "select seq, hash from event where agent_id = $1 and epoch_id = $2 and seq = any($3::bigint[])",
        {std::to_string(key.agent_id), std::to_string(ledger_.at(key).epoch_id), seqs.text()});
    for (std::size_t i = 0; i < rows.size(); ++i) {
      stored[key][static_cast<std::uint64_t>(rows.integer(i, 0))] = rows.integer(i, 1);
    }
  }
  return stored;
}

// What is settled is there with this content, or with another, or not at all: voided or parked before, and
// then the data replaces that. Of a key that comes several times the first stays; what is stored was first.
void BatchTransaction::compare() {
  const auto stored = stored_hashes();
  auto first = stored;
  auto candidates = std::exchange(fresh_, {});
  for (const auto* const entries : {&known_, &candidates}) {
    for (const auto& entry : *entries) {
      const auto [its, is_new] = first[entry.key].try_emplace(entry.seq(), entry.hash);
      if (is_new) {
        fresh_.push_back(entry);
        continue;
      }
      if (its->second == entry.hash) {
        ++outcome_.counts.duplicates;
      } else {
        conflicts_.push_back(entry);
      }
      // New to the ledger only when everything is compared. What is not stored yet may still be refused.
      const auto there = stored.find(entry.key);
      if (there != stored.end() && there->second.contains(entry.seq())) {
        ledger_.settle(entry.key, {entry.seq(), entry.seq()});
      }
    }
  }
}

void BatchTransaction::tell_conflicts() {
  std::map<std::string, std::int64_t> rooms, overflow;
  for (const auto& entry : conflicts_) {
    ++outcome_.counts.conflicts;
    const auto& agent = entry.portion->taken->agent;
    auto room = rooms.find(agent);
    if (room == rooms.end()) {
      const auto rows =
          database_.run("select count(*) from (select from conflict where agent_id = $1 limit $2) as kept",
                        {std::to_string(entry.key.agent_id), std::to_string(max_conflicts)});
      room = rooms.emplace(agent, max_conflicts - rows.integer(0, 0)).first;
    }
    if (room->second-- > 0)
      tell_conflict(entry);
    else
      ++overflow[agent];
  }
  for (const auto& [agent, times] : overflow) {
    outcome_.troubles.push_back("agent \"" + agent + "\" has " + std::to_string(max_conflicts) +
                                " conflicts; more are counted, and not kept");
    count_overflow(database_, agent, times, "the same epoch and seq with another content");
  }
}

void BatchTransaction::tell_conflict(const Entry& entry) {
  outcome_.troubles.push_back("agent \"" + entry.portion->taken->agent + "\" sends epoch " +
                              entry.key.epoch.text() + " seq " + std::to_string(entry.seq()) +
                              " again with another content; the first stays (congto.conflict has both)");
  database_.run(
      "insert into conflict (agent_id, epoch_id, seq, hash, first, other) select $1, $2, $3, $4, coalesce("
      "(select jsonb_strip_nulls(jsonb_build_object('seq', s.seq, 'ts', (extract(epoch from s.ts) * "
      "1000)::bigint, 'took', s.took, 'slot', s.slot, 'meter', m.name, 'layout', l.id, 'q', s.q, 'clock', "
      "case when s.clock_error is not null then 'estimated' end, 'clock_error', s.clock_error, 'values', "
      "(select coalesce(jsonb_object_agg(v.point, v.value), '{}') "
      "from unnest(m.points, s.values) as v(point, value) where v.value is not null))) from sample s "
      "join meter m using (agent_id, meter_id) join layout l using (agent_id, layout_id) "
      "where s.agent_id = $1 and s.epoch_id = $2 and s.seq = $3 limit 1), "
      "(select body from event where agent_id = $1 and epoch_id = $2 and seq = $3), 'null'), "
      "$5::jsonb || jsonb_build_object('layout', $6::text) "
      "on conflict (agent_id, epoch_id, seq, hash) do update set times = conflict.times + 1, last_at = now()",
      {std::to_string(entry.key.agent_id), std::to_string(ledger_.at(entry.key).epoch_id),
       std::to_string(entry.seq()), std::to_string(entry.hash), std::string(entry.record->json),
       entry.layout()});
}

void BatchTransaction::refuse(const Entry& entry, const std::string& reason) {
  ++outcome_.counts.parked_records;
  outcome_.troubles.push_back("agent \"" + entry.portion->taken->agent + "\": a record is parked: " + reason);
  letters_.push_back({entry.portion->taken->agent, entry.portion->taken->arrival.topic, entry.key.epoch,
                      entry.record->seq, reason, std::string(entry.record->json)});
}

// What the reader refused.
void BatchTransaction::refuse_unread() {
  for (const auto* portion : admitted_) {
    if (!portion->with_refused) continue;
    const auto key = key_of(*portion);
    for (const auto& refused : portion->batch().parsed.refused) {
      ++outcome_.counts.parked_records;
      outcome_.troubles.push_back("agent \"" + portion->taken->agent +
                                  "\": a record is parked: " + refused.reason);
      letters_.push_back({portion->taken->agent, portion->taken->arrival.topic, key.epoch, refused.seq,
                          refused.reason, refused.json});
    }
  }
}

// Only what is kept is settled: what finds no room stays with its agent.
void BatchTransaction::settle_parked() {
  std::set<std::string> without_room;
  for (const auto& letter : letters_) {
    if (!letter.kept) without_room.insert(letter.agent);
    if (!letter.kept || !letter.epoch || !letter.seq) continue;
    ledger_.settle({agents_.at(letter.agent).id, *letter.epoch}, {*letter.seq, *letter.seq});
  }
  for (const auto& agent : without_room) {
    outcome_.troubles.push_back("agent \"" + agent + "\" has " + std::to_string(max_dead_letters) +
                                " dead letters, or " + std::to_string(max_dead_letter_bytes >> 20) +
                                " MiB of them; what else can't be taken is neither kept nor acknowledged");
  }
}

void BatchTransaction::finish() {
  park(database_, letters_);
  settle_parked();
  ledger_.save();
  for (const auto& [key, agent] : told_) {
    outcome_.settled.push_back({agent, key.epoch, ledger_.at(key).settled});
  }
}

}  // namespace congto::central
