// Units of names, and the scales that messages name.
#include "drivers/meter/unit_rule.hpp"

#include <vector>

#include <boost/algorithm/string/predicate.hpp>

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
  if (unit && (!rule || *rule == *unit)) return *unit;
  if (unit) {
    return Error{name + " is in " + in_quotes(text(*rule)) + " everywhere, found " + in_quotes(written) +
                 "; bring the register to it with scale, or give the point another name"};
  }
  const auto hint = known_elsewhere(written);
  if (hint && (!rule || *rule == hint->unit)) {
    return Error{in_quotes(written) + " is not in the list of units; " + with_scale(written, *hint, scale)};
  }
  if (rule)
    return Error{name + " is in " + in_quotes(text(*rule)) + " everywhere, found " + in_quotes(written)};
  return Error{known_units(written) + ", found " + in_quotes(written)};
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
