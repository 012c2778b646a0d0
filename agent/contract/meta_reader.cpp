// {"v":1,"agent","site","id","meters":[…],"points":{KEY:{POINT:{"unit","kind",…}}}}: see meta.hpp.
#include "agent/contract/meta_reader.hpp"

#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "agent/contract/field_reader.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::contract {

namespace {

using Points = std::vector<ParsedMeta::Point>;

std::string name_of(FieldReader& fields, std::string_view field) {
  auto name = fields.text(field);
  if (fields.good()) {
    if (const auto reason = wrong_name(name); !reason.empty()) {
      fields.fail("field \"" + std::string(field) + "\" " + reason);
    }
  }
  return name;
}

ParsedMeta::Point read_point(const std::string& name, const JsonView& value, FieldReader& meta) {
  FieldReader fields(value, "meta: point \"" + clipped(name, 60) + "\"");
  if (const auto reason = wrong_name(name); !reason.empty()) fields.fail("its name " + reason);
  ParsedMeta::Point point;
  point.name = name;
  point.unit = fields.text("unit");
  point.kind = fields.text("kind");
  if (const auto* const rollover = fields.find("rollover")) {
    point.rollover = rollover->number();
    if (!point.rollover || !(Decimal() < *point.rollover)) {
      fields.fail("field \"rollover\" is not a number above 0");
    }
  }
  point.verify = fields.has("verify") && fields.boolean("verify");
  if (!fields.good()) meta.fail(fields.error());
  return point;
}

std::map<std::string, Points> read_tables(FieldReader& meta) {
  std::map<std::string, Points> tables;
  const auto* const points = meta.need("points");
  if (points == nullptr) return tables;
  FieldReader keys(*points, "meta: points");
  for (const auto& [key, table] : keys.members()) {
    FieldReader names(table, "meta: points \"" + clipped(key, 60) + "\"");
    for (const auto& [name, value] : names.members()) tables[key].push_back(read_point(name, value, meta));
    tables[key];  // a table without points is one all the same
    if (!names.good()) meta.fail(names.error());
  }
  if (!keys.good()) meta.fail(keys.error());
  return tables;
}

ParsedMeta::Meter read_meter(const JsonView& value, std::size_t index,
                             const std::map<std::string, Points>& tables, FieldReader& meta) {
  FieldReader fields(value, "meta: meters[" + std::to_string(index) + "]");
  ParsedMeta::Meter meter;
  meter.name = name_of(fields, "name");
  meter.bus = fields.text("bus");
  meter.unit_id = static_cast<std::int64_t>(fields.count("unit_id"));
  if (meter.unit_id > max_unit_id) fields.fail("field \"unit_id\" is above 255");
  meter.profile = fields.text("profile");
  meter.medium = fields.text("medium");
  meter.every = static_cast<std::int64_t>(fields.count("every", 1));
  const auto key = fields.text("points");
  const auto table = tables.find(key);
  if (fields.good() && table == tables.end()) {
    fields.fail("there are no points \"" + clipped(key, 60) + "\"");
  }
  if (fields.good()) meter.points = table->second;
  if (!fields.good()) meta.fail(fields.error());
  return meter;
}

}  // namespace

Result<ParsedMeta> parse_meta(std::string_view text) {
  const auto json = JsonView::check(text);
  if (!json) return Error{"meta: " + json.error().message};
  FieldReader fields(*json, "meta");
  fields.check_version();
  ParsedMeta meta;
  meta.agent = fields.text("agent");
  meta.site = fields.text("site");
  meta.id = name_of(fields, "id");
  const auto meters = fields.elements("meters");
  const auto tables = read_tables(fields);
  std::unordered_set<std::string> names;
  std::size_t points = 0;
  for (const auto& value : meters) {
    if (!fields.good()) break;
    meta.meters.push_back(read_meter(value, meta.meters.size(), tables, fields));
    // Meters share tables: a short text can mean more points than memory holds.
    points += meta.meters.back().points.size();
    if (points > max_layout_points) {
      fields.fail("its meters have more than " + std::to_string(max_layout_points) + " points");
    }
    if (!names.insert(meta.meters.back().name).second) {
      fields.fail("meter \"" + clipped(meta.meters.back().name, 60) + "\" stands twice");
    }
  }
  if (!fields.good()) return Error{fields.error()};
  return meta;
}

}  // namespace congto::contract
