// Meters and their points as JSON; equal lists of points become one table, named after the profile.
#include "agent/contract/meta.hpp"

#include <algorithm>
#include <vector>

#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::contract {

namespace {

struct Table {
  std::string key;
  std::string text;
};

std::string points_text(const meter::LayoutMeter& meter) {
  std::string out;
  ObjectText points(out);
  for (const auto& point : meter.points) {
    if (point.type == meter::Type::ascii) continue;  // never a value; see "info"
    ObjectText one(points.key(point.name));
    one.text("unit", meter::text(point.unit)).text("kind", meter::text(point.kind));
    if (point.rollover) point.rollover->append_to(one.key("rollover"));
    if (point.verify) one.boolean("verify", true);
    one.close();
  }
  points.close();
  return out;
}

// The table with this text; a new one is called after the profile, with -2, -3, … when meters of one profile
// have different points.
const Table& table_for(std::vector<Table>& tables, const std::string& profile, std::string text) {
  const auto same =
      std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.text == text; });
  if (same != tables.end()) return *same;
  std::string key = profile;
  const auto taken = [&] {
    return std::any_of(tables.begin(), tables.end(), [&](const Table& t) { return t.key == key; });
  };
  for (int number = 2; taken(); ++number) key = profile + "-" + std::to_string(number);
  return tables.emplace_back(Table{std::move(key), std::move(text)});
}

void write_meter(std::string& out, const meter::Meta& meta, std::size_t index, const std::string& table) {
  const auto& meter = meta.layout->meters()[index];
  ObjectText object(out);
  object.text("name", meter.name)
      .text("bus", meter.bus)
      .integer("unit_id", std::uint64_t{meter.unit_id})
      .text("profile", meter.profile)
      .text("medium", meter.medium)
      .integer("every", std::int64_t{meter.every.count()})
      .text("points", table);
  if (index < meta.info.size() && !meta.info[index].empty()) {
    ObjectText info(object.key("info"));
    for (const auto& [name, value] : meta.info[index]) info.text(name, value);
    info.close();
  }
  if (index < meta.unsupported.size() && !meta.unsupported[index].empty()) {
    object.key("unsupported") += '[';
    for (const auto& name : meta.unsupported[index]) {
      if (out.back() != '[') out += ',';
      append_string(out, name);
    }
    out += ']';
  }
  object.close();
}

}  // namespace

std::string write_meta(std::string_view agent, std::string_view site, const meter::Meta& meta) {
  std::string out;
  std::vector<Table> tables;
  ObjectText message(out);
  message.integer("v", std::int64_t{version}).text("agent", agent).text("site", site);
  message.text("id", meta.layout->id()).key("meters") += '[';
  const auto& meters = meta.layout->meters();
  for (std::size_t i = 0; i < meters.size(); ++i) {
    if (i > 0) out += ',';
    write_meter(out, meta, i, table_for(tables, meters[i].profile, points_text(meters[i])).key);
  }
  out += ']';
  ObjectText points(message.key("points"));
  for (const auto& table : tables) points.key(table.key) += table.text;
  points.close();
  message.close();
  return out;
}

}  // namespace congto::contract
