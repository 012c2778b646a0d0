// The keys of a point.
#include "drivers/meter/point_spec.hpp"

#include <algorithm>
#include <array>
#include <boost/algorithm/string/case_conv.hpp>

#include "drivers/meter/device_head.hpp"

namespace congto::meter {

namespace {

constexpr std::array<std::string_view, 14> type_words{"u16",  "s16",  "u32",     "s32",    "u64",
                                                      "s64",  "f32",  "f64",     "bits16", "bits32",
                                                      "sm16", "pf4q", "mod10k4", "ascii"};
constexpr std::array<std::string_view, 4> kind_words{"gauge", "counter", "status", "info"};
constexpr std::pair<std::string_view, bool> sides[] = {{"primary", false}, {"secondary", true}};

// What manuals and other programs call our types, in any letter case. WORD and its kin as in IEC 61131-3.
constexpr std::pair<std::string_view, std::string_view> foreign_types[] = {
    {"uint16", "u16"}, {"int16", "s16"},   {"i16", "s16"},     {"uint32", "u32"},   {"int32", "s32"},
    {"i32", "s32"},    {"uint64", "u64"},  {"int64", "s64"},   {"i64", "s64"},      {"float", "f32"},
    {"real", "f32"},   {"float32", "f32"}, {"double", "f64"},  {"float64", "f64"},  {"string", "ascii"},
    {"text", "ascii"}, {"bool", "u16"},    {"bits", "bits16"}, {"word", "u16"},     {"dword", "u32"},
    {"uint", "u16"},   {"udint", "u32"},   {"dint", "s32"},    {"unsigned", "u16"}, {"signed", "s16"}};

std::optional<Type> read_type(toml::Table& table) {
  const auto text = table.string("type");
  if (!text) return std::nullopt;
  if (const auto type = parse_type(*text)) return type;
  const auto* foreign = std::ranges::find(foreign_types, boost::algorithm::to_lower_copy(*text),
                                          &std::pair<std::string_view, std::string_view>::first);
  if (foreign != std::end(foreign_types)) {
    table.error("type", "expected " + toml::list_words(type_words) + ", found \"" + *text +
                            "\"; here it is called \"" + std::string(foreign->second) + "\"");
  } else {
    table.unknown_word("type", *text, type_words);
  }
  return std::nullopt;
}

std::optional<Kind> read_kind(toml::Table& table) {
  const auto text = table.string("kind");
  if (!text) return std::nullopt;
  const auto kind = parse_kind(*text);
  if (!kind) table.unknown_word("kind", *text, kind_words);
  return kind;
}

std::optional<RegisterNumber> read_number(toml::Table& table, std::string_view key) {
  const toml::Value* value = table.value(key);
  if (value == nullptr) return std::nullopt;
  const bool digits =
      !value->text.empty() && value->text.find_first_not_of("0123456789") == std::string::npos;
  if (value->kind == toml::Value::Kind::integer)
    return RegisterNumber{value->integer, {}, value->text.starts_with("0x")};
  if (value->kind == toml::Value::Kind::string && digits && value->text.size() <= 6) {
    return RegisterNumber{std::stoll(value->text), value->text, false};
  }
  const bool text = value->kind == toml::Value::Kind::string;
  table.error(key, std::string("expected a register number") +
                       (text ? " without quotes (12 or 0x5B00)" : "") + ", found " + toml::describe(*value));
  return std::nullopt;
}

std::optional<PlusSpec> read_plus(toml::Table& table) {
  auto plus = table.table("plus", "plus = { at, type, scale }");
  if (!plus) return std::nullopt;
  const auto at = read_number(*plus, "at");
  const auto type = read_type(*plus);
  if (!plus->has("at")) plus->missing("at", "the register of the part that is added");
  if (!plus->has("type")) plus->missing("type", "the type of the part that is added, such as \"f32\"");
  const auto scale = plus->decimal("scale");
  const bool broken_scale = plus->has("scale") && !scale;
  plus->finish();
  if (!at || !type || broken_scale) return std::nullopt;
  PlusSpec spec{*at, *type, std::nullopt};
  if (scale) spec.scale = Given<Decimal>{*scale, plus->place("scale")};
  return spec;
}

std::optional<std::string> read_unit(toml::Table& table) {
  const toml::Value* value = table.value("unit");
  if (value == nullptr || value->kind != toml::Value::Kind::string || !value->text.empty())
    return table.string("unit");
  table.error("unit", "expected a unit, found an empty text; for a plain number write unit = \"1\"");
  return std::nullopt;
}

template <class Value>
void take(std::optional<Given<Value>>& field, const std::optional<Value>& value, const toml::Table& table,
          std::string_view key) {
  if (value) field = Given<Value>{*value, table.place(key)};
}

void read_keys(toml::Table& table, SpecOf of, PointSpec& spec) {
  if (of == SpecOf::meter) take(spec.from, table.string("from"), table, "from");
  take(spec.function, read_function(table), table, "function");
  take(spec.at, read_number(table, "at"), table, "at");
  if (const auto count = table.integer("registers", 1, modbus::max_registers_per_request)) {
    spec.registers = Given<std::uint16_t>{static_cast<std::uint16_t>(*count), table.place("registers")};
  }
  take(spec.type, read_type(table), table, "type");
  take(spec.word_order, read_word_order(table), table, "word-order");
  take(spec.unit, read_unit(table), table, "unit");
  take(spec.scale, table.decimal("scale"), table, "scale");
  take(spec.scale_at, read_number(table, "scale-at"), table, "scale-at");
  take(spec.plus, read_plus(table), table, "plus");
  take(spec.kind, read_kind(table), table, "kind");
  take(spec.rollover, table.decimal("rollover"), table, "rollover");
  spec.not_available = table.strings("not-available", true);
  take(spec.secondary, table.word("side", sides), table, "side");
  take(spec.verify, table.boolean("verify"), table, "verify");
}

bool is_point_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// The rollover of `base` in the unit and scale of `over`: exact when the old scale is a power of ten.
std::optional<Decimal> rescaled(const Decimal& rollover, const Decimal& from, const Decimal& to) {
  const Decimal old = from.normalized();
  if (old.coefficient() != 1) return std::nullopt;
  const auto product = rollover.times(to);
  if (!product) return std::nullopt;
  return Decimal(product->coefficient(), product->exponent() - old.exponent());
}

// A key that somebody wrote below the header of the points, which takes it for the name of one: where it
// belongs; nothing for a key that no table of ours has.
std::optional<std::string> misplaced(const std::string& key, SpecOf of,
                                     std::span<const toml::KeyPlace> known) {
  std::string places;
  bool of_meter = false;
  for (const toml::KeyPlace& candidate : known) {
    if (candidate.key != key || !candidate.meant.empty()) continue;
    places += (places.empty() ? "" : " or ") + std::string(candidate.place);
    of_meter = of_meter || candidate.place.find("[[meter]]") != std::string_view::npos;
  }
  if (places.empty()) return std::nullopt;
  if (of == SpecOf::meter && of_meter) places = "[[meter]], before that header";
  return "\"" + key + "\" stands under " + (of == SpecOf::meter ? "[meter.points]" : "[points]") +
         "; it belongs in " + places;
}

template <class Field>
void lay(Field& field, const Field& over) {
  if (over) field = over;
}

}  // namespace

std::optional<PointSpec> read_point_spec(const toml::Entry& entry, SpecOf of, toml::Table& points) {
  PointSpec spec;
  spec.name = entry.key;
  spec.place = {points.file(), entry.at};
  toml::Report& report = points.report();
  const bool is_table = entry.value.kind == toml::Value::Kind::table;
  if (const auto message = misplaced(entry.key, of, report.key_places()); message && !is_table) {
    report.error(spec.place, *message);
    return std::nullopt;
  }
  if (!is_point_name(entry.key)) {
    report.error(spec.place,
                 "point \"" + entry.key + "\": expected a name of small letters, digits and _, at most 64");
  }
  if (!is_table) {
    report.error(points.place_of(entry.value),
                 entry.key + ": expected a point, { at = …, type = \"…\", unit = \"…\" }, found " +
                     toml::describe(entry.value));
    return std::nullopt;
  }
  toml::Report found(report.key_places());
  toml::Table table(entry.value, "point " + entry.key, points.file(), found);
  read_keys(table, of, spec);
  table.finish();
  spec.damaged = found.failed();
  report.add(found);
  return spec;
}

std::optional<PointSpec> laid_over(const PointSpec& base, const PointSpec& over, toml::Report& report) {
  PointSpec result = base;
  result.name = over.name;
  result.place = over.place;
  result.from = over.from;
  result.damaged = base.damaged || over.damaged;
  lay(result.function, over.function);
  lay(result.at, over.at);
  lay(result.registers, over.registers);
  lay(result.type, over.type);
  lay(result.word_order, over.word_order);
  lay(result.unit, over.unit);
  lay(result.scale, over.scale);
  lay(result.scale_at, over.scale_at);
  lay(result.plus, over.plus);
  lay(result.kind, over.kind);
  lay(result.not_available, over.not_available);
  lay(result.secondary, over.secondary);
  lay(result.verify, over.verify);
  const bool no_counter = over.kind && over.kind->value != Kind::counter;
  if (over.rollover || no_counter) {
    result.rollover = over.rollover;
  } else if (base.rollover && over.scale) {
    const Decimal old_scale = base.scale ? base.scale->value : Decimal(1, 0);
    const auto rollover = rescaled(base.rollover->value, old_scale, over.scale->value);
    if (!rollover) {
      report.error(over.scale->place,
                   over.name + ": with a new scale its rollover must be given anew (it was " +
                       base.rollover->value.text() + " with scale = " + old_scale.text() + ")");
      return std::nullopt;
    }
    result.rollover = Given<Decimal>{*rollover, over.scale->place};
  }
  return result;
}

}  // namespace congto::meter
