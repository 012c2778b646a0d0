// Looks names up in one statement a table, and makes rows in the order of the key, as every consumer does.
#include "agent/central/registry.hpp"

#include <algorithm>

#include "agent/central/sql_text.hpp"
#include "agent/contract/json_view.hpp"

namespace congto::central {

namespace {

struct NameArrays {
  ArrayText agents, names;
  explicit NameArrays(const std::set<Registry::Name>& wanted) {
    for (const auto& [agent, name] : wanted) {
      agents.add(agent);
      names.add(name);
    }
  }
};

std::vector<std::string> texts_of(std::string_view json) {
  std::vector<std::string> texts;
  if (const auto array = contract::JsonView::check(json)) {
    for (const auto& element : array->elements()) texts.push_back(element.string().value_or(std::string()));
  }
  return texts;
}

void set_points(KnownMeter& meter, std::vector<std::string> points) {
  meter.points = std::move(points);
  meter.positions.clear();
  for (std::size_t i = 0; i < meter.points.size(); ++i) meter.positions.emplace(meter.points[i], i);
}

}  // namespace

std::map<std::string, EnrolledAgent> enrolled(Database& database, const std::set<std::string>& names) {
  ArrayText wanted;
  for (const auto& name : names) wanted.add(name);
  const auto rows = database.run(
      "select name, agent_id, site from agent where name = any($1::text[]) and removed_at is null",
      {wanted.text()});
  std::map<std::string, EnrolledAgent> found;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    found[std::string(rows.text(i, 0))] = {rows.integer(i, 1), std::string(rows.text(i, 2))};
  }
  return found;
}

void Registry::load(const std::set<Name>& meters, const std::set<Name>& layouts) {
  if (!meters.empty()) load_meters(meters);
  if (!layouts.empty()) load_layouts(layouts);
}

void Registry::load_meters(const std::set<Name>& names) {
  const NameArrays wanted(names);
  const auto select = [&] {
    return database_.run(
        "select m.agent_id, m.name, m.meter_id, to_jsonb(m.points) from meter m "
        "join unnest($1::integer[], $2::text[]) as w(agent_id, name) using (agent_id, name)",
        {wanted.agents.text(), wanted.names.text()});
  };
  auto rows = select();
  if (rows.size() < names.size()) {
    database_.run(
        "insert into meter (agent_id, name) select w.agent_id, w.name from unnest($1::integer[], $2::text[]) "
        "as w(agent_id, name) order by 1, 2 on conflict do nothing",
        {wanted.agents.text(), wanted.names.text()});
    rows = select();
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& meter = meters_[{rows.integer(i, 0), std::string(rows.text(i, 1))}];
    meter.id = rows.integer(i, 2);
    set_points(meter, texts_of(rows.text(i, 3)));
  }
}

void Registry::load_layouts(const std::set<Name>& names) {
  const NameArrays wanted(names);
  const auto select = [&] {
    return database_.run(
        "select l.agent_id, l.id, l.layout_id, (l.body is not null)::integer from layout l "
        "join unnest($1::integer[], $2::text[]) as w(agent_id, id) using (agent_id, id)",
        {wanted.agents.text(), wanted.names.text()});
  };
  auto rows = select();
  if (rows.size() < names.size()) {
    database_.run(
        "insert into layout (agent_id, id) select w.agent_id, w.id from unnest($1::integer[], $2::text[]) "
        "as w(agent_id, id) order by 1, 2 on conflict do nothing",
        {wanted.agents.text(), wanted.names.text()});
    rows = select();
  }
  bool all_told = true;
  for (std::size_t i = 0; i < rows.size(); ++i) all_told = all_told && rows.integer(i, 3) != 0;
  if (!all_told) {
    // Whoever learns of such a layout dates the samples that it sees (save_layout): one transaction at a
    // time, or those of another that is under way would stay without a slot.
    database_.run(
        "select from layout l join unnest($1::integer[], $2::text[]) as w(agent_id, id) using (agent_id, id) "
        "where l.body is null order by l.agent_id, l.id for no key update of l",
        {wanted.agents.text(), wanted.names.text()});
    rows = select();
  }
  std::map<std::pair<std::int64_t, std::int64_t>, KnownLayout*> by_id;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    auto& layout = layouts_[{rows.integer(i, 0), std::string(rows.text(i, 1))}];
    layout.id = rows.integer(i, 2);
    layout.has_body = rows.integer(i, 3) != 0;
    by_id[{rows.integer(i, 0), layout.id}] = &layout;
  }
  const auto meters = database_.run(
      "select m.agent_id, m.layout_id, m.meter_id, m.every from layout_meter m join layout l using "
      "(agent_id, layout_id) "
      "join unnest($1::integer[], $2::text[]) as w(agent_id, id) using (agent_id, id)",
      {wanted.agents.text(), wanted.names.text()});
  for (std::size_t i = 0; i < meters.size(); ++i) {
    by_id.at({meters.integer(i, 0), meters.integer(i, 1)})->every[meters.integer(i, 2)] =
        meters.integer(i, 3);
  }
}

void Registry::need_points(const std::map<Name, std::set<std::string>>& points) {
  for (const auto& [name, wanted] : points) {
    auto& meter = meters_.at(name);
    const auto known = [&](const std::string& point) { return meter.positions.contains(point); };
    if (std::all_of(wanted.begin(), wanted.end(), known)) continue;
    // Another consumer may have added points since they were read: from here on it waits.
    const auto row = database_.run(
        "select to_jsonb(points) from meter where agent_id = $1 and meter_id = $2 for no key update",
        {std::to_string(name.first), std::to_string(meter.id)});
    auto all = texts_of(row.text(0, 0));
    set_points(meter, all);
    ArrayText added;
    for (const auto& point : wanted) {
      if (known(point) || all.size() >= max_points) continue;
      added.add(point);
      all.push_back(point);
    }
    if (added.size() == 0) continue;
    database_.run("update meter set points = points || $3::text[] where agent_id = $1 and meter_id = $2",
                  {std::to_string(name.first), std::to_string(meter.id), added.text()});
    set_points(meter, std::move(all));
  }
}

void Registry::save_layout(std::int64_t agent_id, const contract::ParsedMeta& meta, const std::string& text,
                           bool newest) {
  const auto& layout = layouts_.at({agent_id, meta.id});
  const auto agent = std::to_string(agent_id), id = std::to_string(layout.id);
  const auto row = database_.run(
      "select (body is not null)::integer from layout where agent_id = $1 and layout_id = $2 for no key "
      "update",
      {agent, id});
  const bool had_body = row.integer(0, 0) != 0;
  if (!had_body || newest) {
    database_.run(
        "update layout set body = $3::jsonb, known_at = coalesce(known_at, now()) "
        "where agent_id = $1 and layout_id = $2 and body is distinct from $3::jsonb",
        {agent, id, text});
  }
  if (had_body) return;  // the same id is the same meters and points
  save_meters(agent_id, layout.id, meta);
  save_points(agent_id, layout.id, meta);
  date_waiting_samples(agent_id, layout.id);
}

void Registry::save_meters(std::int64_t agent_id, std::int64_t layout_id, const contract::ParsedMeta& meta) {
  ArrayText ids, every, bus, unit_ids, profiles, media;
  auto& layout = layouts_.at({agent_id, meta.id});
  for (const auto& meter : meta.meters) {
    const auto id = meters_.at({agent_id, meter.name}).id;
    layout.every[id] = meter.every;
    ids.add(id);
    every.add(meter.every);
    bus.add(meter.bus);
    unit_ids.add(meter.unit_id);
    profiles.add(meter.profile);
    media.add(meter.medium);
  }
  layout.has_body = true;
  database_.run(
      "insert into layout_meter (agent_id, layout_id, meter_id, every, bus, unit_id, profile, medium) "
      "select $1::integer, $2::integer, w.* from unnest($3::integer[], $4::bigint[], $5::text[], "
      "$6::integer[], "
      "$7::text[], $8::text[]) as w on conflict do nothing",
      {std::to_string(agent_id), std::to_string(layout_id), ids.text(), every.text(), bus.text(),
       unit_ids.text(), profiles.text(), media.text()});
}

void Registry::save_points(std::int64_t agent_id, std::int64_t layout_id, const contract::ParsedMeta& meta) {
  ArrayText ids, names, units, kinds, rollovers, verify;
  for (const auto& meter : meta.meters) {
    const auto id = meters_.at({agent_id, meter.name}).id;
    for (const auto& point : meter.points) {
      ids.add(id);
      names.add(point.name);
      units.add(point.unit);
      kinds.add(point.kind);
      point.rollover ? rollovers.add(point.rollover->text()) : rollovers.add_null();
      verify.add(point.verify ? "true" : "false");
    }
  }
  database_.run(
      "insert into layout_point (agent_id, layout_id, meter_id, point, unit, kind, rollover, verify) "
      "select $1::integer, $2::integer, w.* from unnest($3::integer[], $4::text[], $5::text[], $6::text[], "
      "$7::numeric[], $8::boolean[]) as w on conflict do nothing",
      {std::to_string(agent_id), std::to_string(layout_id), ids.text(), names.text(), units.text(),
       kinds.text(), rollovers.text(), verify.text()});
}

// contract.md, config/contract: a sample without `slot` belongs to floor(ts / every) * every.
void Registry::date_waiting_samples(std::int64_t agent_id, std::int64_t layout_id) {
  database_.run(
      "with dated as (update sample s set slot = (extract(epoch from s.ts) * 1000)::bigint / m.every * "
      "m.every "
      "from layout_meter m where s.agent_id = $1 and s.layout_id = $2 and s.slot is null "
      "and m.agent_id = s.agent_id and m.layout_id = s.layout_id and m.meter_id = s.meter_id "
      "returning s.epoch_id, s.slot) "
      "insert into layout_span (agent_id, epoch_id, layout_id, first_slot, last_slot) "
      "select $1::integer, epoch_id, $2::integer, min(slot), max(slot) from dated group by epoch_id "
      "on conflict (agent_id, epoch_id, layout_id) do update set "
      "first_slot = least(layout_span.first_slot, excluded.first_slot), "
      "last_slot = greatest(layout_span.last_slot, excluded.last_slot)",
      {std::to_string(agent_id), std::to_string(layout_id)});
}

}  // namespace congto::central
