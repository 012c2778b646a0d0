// The rows of a transaction: samples by COPY, everything else by arrays or one by one.
#include <algorithm>

#include "agent/central/batch_transaction.hpp"
#include "agent/central/sql_text.hpp"
#include "agent/contract/field_reader.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::central {

using contract::FieldReader;
using contract::ParsedEvent;
using contract::ParsedSample;

namespace {

// An event's JSON was checked when it came: this reads fields that are known to be there.
class EventFields {
 public:
  explicit EventFields(const ParsedEvent& event) : json_(contract::JsonView::check(event.json)) {
    fields_.emplace(*json_, "record");
  }
  FieldReader& operator*() { return *fields_; }
  FieldReader* operator->() { return &*fields_; }

 private:
  Result<contract::JsonView> json_;
  std::optional<FieldReader> fields_;
};

const ParsedEvent* event_of(const contract::ParsedRecord& record, std::string_view name) {
  const auto* const event = std::get_if<ParsedEvent>(&record.content);
  return event != nullptr && event->event == name ? event : nullptr;
}

contract::ParsedMeta meta_of(const ParsedEvent& event) {
  EventFields fields(event);
  return *contract::parse_meta(fields->need("meta")->raw());
}

// The layout has its own table, and a box that is started each morning would store it each morning.
std::string stored_body(const ParsedEvent& event) {
  if (event.event != "meta") return event.json;
  std::string json;
  contract::ObjectText(json).text("event", event.event).text("id", EventFields(event)->text("id")).close();
  return json;
}

std::string number(std::int64_t value) { return std::to_string(value); }
std::string number(std::uint64_t value) { return std::to_string(value); }

std::string qualities_text(const ParsedSample& sample) {
  std::string json;
  contract::ObjectText object(json);
  for (const auto& [point, word] : sample.q) object.text(point, word);
  object.close();
  return json;
}

}  // namespace

void BatchTransaction::load_names() {
  std::set<Registry::Name> meters, layouts;
  std::map<Registry::Name, std::set<std::string>> points;
  for (const auto& entry : fresh_) {
    const auto agent = entry.key.agent_id;
    if (const auto* const sample = std::get_if<ParsedSample>(&entry.record->content)) {
      meters.insert({agent, sample->meter});
      layouts.insert({agent, entry.layout()});
      auto& wanted = points[{agent, sample->meter}];
      for (const auto& [point, value] : sample->values) wanted.insert(point);
      for (const auto& [point, word] : sample->q) {
        if (point != "*") wanted.insert(point);
      }
    } else if (const auto* const skipped = event_of(*entry.record, "skipped")) {
      meters.insert({agent, EventFields(*skipped)->text("meter")});
      layouts.insert({agent, entry.layout()});
    } else if (const auto* const meta = event_of(*entry.record, "meta")) {
      const auto parsed = meta_of(*meta);
      layouts.insert({agent, parsed.id});
      for (const auto& meter : parsed.meters) meters.insert({agent, meter.name});
    }
  }
  registry_.load(meters, layouts);
  registry_.need_points(points);
}

void BatchTransaction::store_layouts() {
  for (const auto& entry : fresh_) {
    const auto* const meta = event_of(*entry.record, "meta");
    if (meta == nullptr) continue;
    EventFields fields(*meta);
    registry_.save_layout(entry.key.agent_id, meta_of(*meta), std::string(fields->need("meta")->raw()),
                          false);
  }
}

// The first of a layout's slots and its last are when it was in use: what lies between two of them is
// complete or not.
void BatchTransaction::widen(const EpochKey& key, std::int64_t layout_id, std::int64_t first,
                             std::int64_t last) {
  const auto [span, is_new] = spans_.try_emplace({key, layout_id}, Span{first, last});
  span->second.first = std::min(span->second.first, first);
  span->second.last = std::max(span->second.last, last);
}

// False: the sample was parked instead.
bool BatchTransaction::append_sample(std::string& rows, const Entry& entry) {
  const auto& sample = std::get<ParsedSample>(entry.record->content);
  const auto& meter = registry_.meter({entry.key.agent_id, sample.meter});
  const auto& layout = registry_.layout({entry.key.agent_id, entry.layout()});
  std::vector<const Decimal*> values;
  for (const auto& [point, value] : sample.values) {
    const auto position = meter.positions.find(point);
    if (position == meter.positions.end()) {
      refuse(entry, "meter \"" + sample.meter + "\" has more than " + std::to_string(Registry::max_points) +
                        " points");
      return false;
    }
    if (values.size() <= position->second) values.resize(position->second + 1, nullptr);
    values[position->second] = &value;
  }
  auto slot = sample.slot;
  const auto every = layout.every.find(meter.id);
  if (!slot && every != layout.every.end()) slot = sample.ts / every->second * every->second;
  if (slot) widen(entry.key, layout.id, *slot, *slot);

  CopyRow row(rows);
  row.integer(entry.key.agent_id).integer(ledger_.at(entry.key).epoch_id);
  row.integer(static_cast<std::int64_t>(entry.seq())).text(timestamp_text(sample.ts)).integer(slot);
  row.integer(meter.id).integer(layout.id).integer(sample.took);
  row.integer(sample.estimated ? sample.clock_error : std::nullopt).integer(entry.hash);
  sample.q.empty() ? row.null() : row.text(qualities_text(sample));
  auto& array = row.plain();
  array += '{';
  for (const auto* const value : values) {
    if (value == nullptr) {
      array += "NULL";
    } else {
      value->append_to(array);
    }
    array += ',';
  }
  if (array.back() == ',') array.pop_back();
  array += '}';
  row.end();
  ++outcome_.counts.records;
  outcome_.counts.readings += sample.values.size();
  return true;
}

void BatchTransaction::store_samples() {
  std::string rows;
  for (const auto& entry : fresh_) {
    if (!std::holds_alternative<ParsedSample>(entry.record->content)) continue;
    if (append_sample(rows, entry)) ledger_.settle(entry.key, {entry.seq(), entry.seq()});
  }
  if (rows.empty()) return;
  database_.copy(
      "copy sample (agent_id, epoch_id, seq, ts, slot, meter_id, layout_id, took, clock_error, hash, q, "
      "values) from stdin",
      rows);
}

void BatchTransaction::store_events() {
  ArrayText agents, epochs, seqs, names, bodies, hashes;
  for (const auto& entry : fresh_) {
    const auto* const event = std::get_if<ParsedEvent>(&entry.record->content);
    if (event == nullptr) continue;
    agents.add(entry.key.agent_id);
    epochs.add(ledger_.at(entry.key).epoch_id);
    seqs.add(static_cast<std::int64_t>(entry.seq()));
    names.add(event->event);
    bodies.add(stored_body(*event));
    hashes.add(entry.hash);
    ledger_.settle(entry.key, {entry.seq(), entry.seq()});
    ++outcome_.counts.records;
    if (event->event == "start") store_start(entry);
    if (event->event == "void") store_void(entry);
    if (event->event == "correction") store_correction(entry);
    if (event->event == "clock") store_shift(entry);
  }
  for (const auto& entry : answers_) store_void(entry);
  if (seqs.size() == 0) return;
  database_.run(
      "insert into event (agent_id, epoch_id, seq, event, body, hash) select * from unnest($1::integer[], "
      "$2::integer[], $3::bigint[], $4::text[], $5::jsonb[], $6::bigint[])",
      {agents.text(), epochs.text(), seqs.text(), names.text(), bodies.text(), hashes.text()});
}

void BatchTransaction::store_skipped() {
  for (const auto& entry : fresh_) {
    const auto* const skipped = event_of(*entry.record, "skipped");
    if (skipped == nullptr) continue;
    EventFields fields(*skipped);
    const auto& meter = registry_.meter({entry.key.agent_id, fields->text("meter")});
    const auto& layout = registry_.layout({entry.key.agent_id, entry.layout()});
    const auto from = fields->integer("from"), to = fields->integer("to");
    widen(entry.key, layout.id, from, to);
    database_.run(
        "insert into skipped (agent_id, epoch_id, seq, meter_id, layout_id, from_slot, to_slot, count, why) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        {number(entry.key.agent_id), number(ledger_.at(entry.key).epoch_id), number(entry.seq()),
         number(meter.id), number(layout.id), number(from), number(to), number(fields->integer("count")),
         fields->text("why")});
  }
}

void BatchTransaction::store_start(const Entry& entry) {
  EventFields fields(std::get<ParsedEvent>(entry.record->content));
  Value prev, prev_last, since;
  if (const auto* const value = fields->find("prev")) {
    FieldReader previous(*value, "prev");
    prev = previous.epoch("epoch").text();
    prev_last = number(previous.count("last"));
    outcome_.chained.insert(entry.portion->taken->agent);
  }
  // A box that does not know the time may say anything here.
  const auto ms = fields->optional_count("since");
  if (ms && can_be(*ms)) since = timestamp_text(*ms);
  database_.run(
      "update epoch set prev = $3, prev_last = $4, since = $5, why = $6 "
      "where agent_id = $1 and epoch_id = $2",
      {number(entry.key.agent_id), number(ledger_.at(entry.key).epoch_id), prev, prev_last, since,
       fields->text("why")});
}

void BatchTransaction::store_void(const Entry& entry) {
  EventFields fields(std::get<ParsedEvent>(entry.record->content));
  FieldReader gone(*fields->need("void"), "void");
  const EpochKey key{entry.key.agent_id, gone.epoch("epoch")};
  const auto first = gone.count("first");
  const auto last = gone.optional_count("last");
  database_.run(
      "insert into void (agent_id, epoch_id, first, last, why) values ($1, $2, $3, $4, $5) on conflict do "
      "nothing",
      {number(key.agent_id), number(ledger_.at(key).epoch_id), number(first),
       last ? Value(number(*last)) : Value(), fields->text("why")});
  constexpr auto open_end = static_cast<std::uint64_t>(contract::max_integer);
  ledger_.settle(key, {first, last ? static_cast<std::uint64_t>(*last) : open_end});
  told_[key] = entry.portion->taken->agent;
}

void BatchTransaction::store_correction(const Entry& entry) {
  const auto& event = std::get<ParsedEvent>(entry.record->content);
  EventFields fields(event);
  FieldReader corrected(*fields->need("corrects"), "corrects");
  database_.run(
      "insert into correction (agent_id, epoch_id, seq, corrects_epoch, corrects_seq, body) "
      "values ($1, $2, $3, $4, $5, $6)",
      {number(entry.key.agent_id), number(ledger_.at(entry.key).epoch_id), number(entry.seq()),
       corrected.epoch("epoch").text(), number(corrected.count("seq")), event.json});
}

void BatchTransaction::store_shift(const Entry& entry) {
  EventFields fields(std::get<ParsedEvent>(entry.record->content));
  const auto range = contract::parse_range(*fields->need("range"));
  database_.run(
      "insert into clock_shift (agent_id, epoch_id, seq, of_epoch, seqs, shift) "
      "values ($1, $2, $3, $4, int8range($5, $6, '[]'), $7)",
      {number(entry.key.agent_id), number(ledger_.at(entry.key).epoch_id), number(entry.seq()),
       fields->epoch("epoch").text(), number(range->first), number(range->last),
       number(fields->integer("shift"))});
}

void BatchTransaction::store_spans() {
  ArrayText agents, epochs, layouts, firsts, lasts;
  for (const auto& [of, span] : spans_) {
    agents.add(of.first.agent_id);
    epochs.add(ledger_.at(of.first).epoch_id);
    layouts.add(of.second);
    firsts.add(span.first);
    lasts.add(span.last);
  }
  if (agents.size() == 0) return;
  database_.run(
      "insert into layout_span (agent_id, epoch_id, layout_id, first_slot, last_slot) select * from "
      "unnest($1::integer[], $2::integer[], $3::integer[], $4::bigint[], $5::bigint[]) "
      "on conflict (agent_id, epoch_id, layout_id) do update set "
      "first_slot = least(layout_span.first_slot, excluded.first_slot), "
      "last_slot = greatest(layout_span.last_slot, excluded.last_slot)",
      {agents.text(), epochs.text(), layouts.text(), firsts.text(), lasts.text()});
}

}  // namespace congto::central
