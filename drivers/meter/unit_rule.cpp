// Units of names, and the scales that messages name.
#include "drivers/meter/unit_rule.hpp"

#include <vector>

#include <boost/algorithm/string/predicate.hpp>

#include "drivers/meter/quantity.hpp"
#include "drivers/toml/nearest.hpp"

namespace congto::meter {

namespace {

using toml::in_quotes;

// `register in MWh: unit = "kWh", scale = 1000`
std::string with_scale(const std::string& written, const UnitHint& hint, const Decimal& scale) {
  const auto factor = Decimal::parse(hint.scale);
  const auto product = factor ? factor->times(scale) : std::nullopt;
  return "register in " + written + ": unit = " + in_quotes(text(hint.unit)) +
         ", scale = " + (product ? product->text() : std::string(hint.scale));
}

// What brings a register to the unit of its name; else only another name helps.
std::string way_out(const std::string& written, const UnitHint& hint, Unit rule, const Decimal& scale) {
  const auto between = scale_between(hint.unit, rule);
  const auto factor = between ? Decimal::parse(*between) : std::nullopt;
  const auto total = factor ? factor->times(scale) : std::nullopt;
  if (!total) return "give the point another name";
  return with_scale(written, {rule, hint.scale}, *total) + "; or give the point another name";
}

std::string known_units(std::string_view written) {
  std::vector<std::string_view> words;
  for (const Unit unit : all_units()) words.push_back(text(unit));
  // Only for other letter cases: a unit that is merely like it is another one (kw is not W, pH not Ah).
  std::string message = "expected a unit of the list " + toml::list_words(words);
  for (const std::string_view word : words) {
    if (boost::algorithm::iequals(word, written)) message += "; did you mean " + in_quotes(word) + "?";
  }
  return message;
}

}  // namespace

Result<Unit> check_unit(const std::string& name, const std::string& written, const Decimal& scale) {
  const auto rule = unit_of_name(name);
  const auto unit = parse_unit(written);
  const auto hint = unit ? std::optional(UnitHint{*unit, "1"}) : known_elsewhere(written);
  if (unit && (!rule || *rule == *unit)) return *unit;
  if (hint && (!rule || *rule == hint->unit)) {
    return Error{in_quotes(written) + " is not in the list of units; " + with_scale(written, *hint, scale)};
  }
  if (rule) {
    const std::string everywhere =
        name + " is in " + in_quotes(text(*rule)) + " everywhere, found " + in_quotes(written) + "; ";
    return Error{everywhere + (hint ? way_out(written, *hint, *rule, scale) : "give the point another name")};
  }
  return Error{known_units(written) + ", found " + in_quotes(written) +
               "; for a plain number write unit = \"1\""};
}

std::optional<std::string> plain_number_advice(std::string_view name) {
  if (name.find("count") != std::string_view::npos) return std::nullopt;
  std::string advice =
      "it has no unit and is taken as a plain number; say unit = \"…\", or \"1\" if that is right";
  if (const auto usual = usual_name(name)) {
    const Unit unit = unit_of_name(*usual).value_or(Unit::none);
    advice += "; the usual name is " + *usual;
    if (unit != Unit::none) advice += ", in " + in_quotes(text(unit));
  }
  return advice;
}

bool is_total(Unit unit) {
  switch (unit) {
    case Unit::kilowatt_hour:
    case Unit::kilovar_hour:
    case Unit::kilovolt_ampere_hour:
    case Unit::gigajoule:
    case Unit::cubic_metre:
    case Unit::kilogram:
      return true;
    default:
      return false;
  }
}

bool is_net(std::string_view name) {
  return name.ends_with("_net") || name.find("_net_") != std::string_view::npos;
}

}  // namespace congto::meter
