// The closed list of units, and the units of other lists with their scales.
// Conversions are exact: litre, minute and hour by definition, US gallon 3.785411784 l, foot 0.3048 m (NIST
// SP 811, app. B.8); only those of psi and between kWh and GJ and hours and seconds are rounded where they
// don't end.
#include "drivers/meter/unit.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include <boost/algorithm/string/predicate.hpp>

namespace congto::meter {

namespace {

constexpr std::array units{
    Unit::none,
    Unit::volt,
    Unit::ampere,
    Unit::watt,
    Unit::volt_ampere_reactive,
    Unit::volt_ampere,
    Unit::hertz,
    Unit::percent,
    Unit::degree,
    Unit::kilowatt_hour,
    Unit::kilovar_hour,
    Unit::kilovolt_ampere_hour,
    Unit::ampere_hour,
    Unit::cubic_metre,
    Unit::cubic_metre_per_hour,
    Unit::metre_per_second,
    Unit::kilogram,
    Unit::kilogram_per_hour,
    Unit::degree_celsius,
    Unit::kelvin,
    Unit::gigajoule,
    Unit::gigajoule_per_hour,
    Unit::bar,
    Unit::pascal,
    Unit::ohm,
    Unit::second,
    Unit::hour,
    Unit::count,
};

struct Elsewhere {
  std::string_view text;
  UnitHint hint;
};

constexpr Elsewhere elsewhere[] = {
    {"mV", {Unit::volt, "0.001"}},
    {"kV", {Unit::volt, "1000"}},
    {"mA", {Unit::ampere, "0.001"}},
    {"kA", {Unit::ampere, "1000"}},
    {"mW", {Unit::watt, "0.001"}},
    {"kW", {Unit::watt, "1000"}},
    {"MW", {Unit::watt, "1000000"}},
    {"kvar", {Unit::volt_ampere_reactive, "1000"}},
    {"Mvar", {Unit::volt_ampere_reactive, "1000000"}},
    {"kVA", {Unit::volt_ampere, "1000"}},
    {"MVA", {Unit::volt_ampere, "1000000"}},
    {"mHz", {Unit::hertz, "0.001"}},
    {"kHz", {Unit::hertz, "1000"}},
    {"percent", {Unit::percent, "1"}},
    {"°", {Unit::degree, "1"}},
    {"Wh", {Unit::kilowatt_hour, "0.001"}},
    {"MWh", {Unit::kilowatt_hour, "1000"}},
    {"GWh", {Unit::kilowatt_hour, "1000000"}},
    {"varh", {Unit::kilovar_hour, "0.001"}},
    {"Mvarh", {Unit::kilovar_hour, "1000"}},
    {"VAh", {Unit::kilovolt_ampere_hour, "0.001"}},
    {"MVAh", {Unit::kilovolt_ampere_hour, "1000"}},
    {"mAh", {Unit::ampere_hour, "0.001"}},
    {"kAh", {Unit::ampere_hour, "1000"}},
    {"m³", {Unit::cubic_metre, "1"}},
    {"m^3", {Unit::cubic_metre, "1"}},
    {"l", {Unit::cubic_metre, "0.001"}},
    {"litre", {Unit::cubic_metre, "0.001"}},
    {"litres", {Unit::cubic_metre, "0.001"}},
    {"liter", {Unit::cubic_metre, "0.001"}},
    {"liters", {Unit::cubic_metre, "0.001"}},
    {"dm3", {Unit::cubic_metre, "0.001"}},
    {"cbm", {Unit::cubic_metre, "1"}},
    {"hl", {Unit::cubic_metre, "0.1"}},
    {"kl", {Unit::cubic_metre, "1"}},
    {"gal", {Unit::cubic_metre, "0.003785411784"}},
    {"ft3", {Unit::cubic_metre, "0.028316846592"}},
    {"m³/h", {Unit::cubic_metre_per_hour, "1"}},
    {"m³/min", {Unit::cubic_metre_per_hour, "60"}},
    {"m³/s", {Unit::cubic_metre_per_hour, "3600"}},
    {"gal/min", {Unit::cubic_metre_per_hour, "0.22712470704"}},
    {"gpm", {Unit::cubic_metre_per_hour, "0.22712470704"}},
    {"m3/hr", {Unit::cubic_metre_per_hour, "1"}},
    {"m3/min", {Unit::cubic_metre_per_hour, "60"}},
    {"m3/s", {Unit::cubic_metre_per_hour, "3600"}},
    {"l/s", {Unit::cubic_metre_per_hour, "3.6"}},
    {"l/min", {Unit::cubic_metre_per_hour, "0.06"}},
    {"l/h", {Unit::cubic_metre_per_hour, "0.001"}},
    {"lpm", {Unit::cubic_metre_per_hour, "0.06"}},
    {"mm/s", {Unit::metre_per_second, "0.001"}},
    {"g", {Unit::kilogram, "0.001"}},
    {"t", {Unit::kilogram, "1000"}},
    {"ton", {Unit::kilogram, "1000"}},
    {"tons", {Unit::kilogram, "1000"}},
    {"tonne", {Unit::kilogram, "1000"}},
    {"tonnes", {Unit::kilogram, "1000"}},
    {"kg/min", {Unit::kilogram_per_hour, "60"}},
    {"kg/s", {Unit::kilogram_per_hour, "3600"}},
    {"t/h", {Unit::kilogram_per_hour, "1000"}},
    {"°C", {Unit::degree_celsius, "1"}},
    {"℃", {Unit::degree_celsius, "1"}},
    {"C", {Unit::degree_celsius, "1"}},
    {"Celsius", {Unit::degree_celsius, "1"}},
    {"kJ", {Unit::gigajoule, "0.000001"}},
    {"MJ", {Unit::gigajoule, "0.001"}},
    {"MJ/h", {Unit::gigajoule_per_hour, "0.001"}},
    {"mbar", {Unit::bar, "0.001"}},
    {"psi", {Unit::bar, "0.0689475729"}},
    {"hPa", {Unit::pascal, "100"}},
    {"kPa", {Unit::pascal, "1000"}},
    {"MPa", {Unit::pascal, "1000000"}},
    {"kohm", {Unit::ohm, "1000"}},
    {"Ω", {Unit::ohm, "1"}},
    {"kΩ", {Unit::ohm, "1000"}},
    {"ms", {Unit::second, "0.001"}},
    {"sec", {Unit::second, "1"}},
    {"seconds", {Unit::second, "1"}},
    {"min", {Unit::second, "60"}},
    {"minutes", {Unit::second, "60"}},
    {"hr", {Unit::hour, "1"}},
    {"hours", {Unit::hour, "1"}},
    {"pulse", {Unit::count, "1"}},
    {"pulses", {Unit::count, "1"}},
    {"imp", {Unit::count, "1"}},
};

// Written with a capital M these would be a million.
constexpr std::array<std::string_view, 6> milli{"mV", "mA", "mW", "mHz", "mAh", "ms"};

// Two units of the list for one quantity.
struct Conversion {
  Unit from;
  Unit to;
  std::string_view scale;
};
constexpr Conversion conversions[] = {
    {Unit::hour, Unit::second, "3600"},
    {Unit::second, Unit::hour, "0.000277777777777778"},
    {Unit::pascal, Unit::bar, "0.00001"},
    {Unit::bar, Unit::pascal, "100000"},
    {Unit::gigajoule, Unit::kilowatt_hour, "277.777777777778"},
    {Unit::kilowatt_hour, Unit::gigajoule, "0.0036"},
    {Unit::gigajoule_per_hour, Unit::watt, "277777.777777778"},
    {Unit::watt, Unit::gigajoule_per_hour, "0.0000036"},
    {Unit::percent, Unit::none, "0.01"},
    {Unit::none, Unit::percent, "100"},
};

// As published, and as written in a profile.
constexpr std::pair<Unit, std::string_view> written_units[] = {
    {Unit::none, "1"},
    {Unit::volt, "V"},
    {Unit::ampere, "A"},
    {Unit::watt, "W"},
    {Unit::volt_ampere_reactive, "var"},
    {Unit::volt_ampere, "VA"},
    {Unit::hertz, "Hz"},
    {Unit::percent, "%"},
    {Unit::degree, "deg"},
    {Unit::kilowatt_hour, "kWh"},
    {Unit::kilovar_hour, "kvarh"},
    {Unit::kilovolt_ampere_hour, "kVAh"},
    {Unit::ampere_hour, "Ah"},
    {Unit::cubic_metre, "m3"},
    {Unit::cubic_metre_per_hour, "m3/h"},
    {Unit::metre_per_second, "m/s"},
    {Unit::kilogram, "kg"},
    {Unit::kilogram_per_hour, "kg/h"},
    {Unit::degree_celsius, "degC"},
    {Unit::kelvin, "K"},
    {Unit::gigajoule, "GJ"},
    {Unit::gigajoule_per_hour, "GJ/h"},
    {Unit::bar, "bar"},
    {Unit::pascal, "Pa"},
    {Unit::ohm, "ohm"},
    {Unit::second, "s"},
    {Unit::hour, "h"},
    {Unit::count, "count"},
};

}  // namespace

std::string_view text(Unit unit) {
  const auto* found =
      std::ranges::find_if(written_units, [&](const auto& pair) { return pair.first == unit; });
  return found == std::end(written_units) ? "1" : found->second;
}

std::optional<Unit> parse_unit(std::string_view written) {
  const auto* found = std::ranges::find_if(units, [&](Unit unit) { return text(unit) == written; });
  if (found == units.end()) return std::nullopt;
  return *found;
}

std::optional<UnitHint> known_elsewhere(std::string_view written) {
  const auto* exact = std::ranges::find(elsewhere, written, &Elsewhere::text);
  if (exact != std::end(elsewhere)) return exact->hint;
  // KVAR is kvar; but mw may be mW or MW.
  const auto alike = [&](const Elsewhere& unit) {
    const bool mega = written.starts_with('M') && std::ranges::find(milli, unit.text) != milli.end();
    return !mega && boost::algorithm::iequals(unit.text, written);
  };
  const auto* found = std::ranges::find_if(elsewhere, alike);
  const bool alone = found != std::end(elsewhere) && std::none_of(found + 1, std::end(elsewhere), alike);
  return alone ? std::optional(found->hint) : std::nullopt;
}

std::optional<std::string_view> scale_between(Unit from, Unit to) {
  if (from == to) return "1";
  const auto fits = [&](const Conversion& conversion) {
    return conversion.from == from && conversion.to == to;
  };
  const auto* found = std::ranges::find_if(conversions, fits);
  if (found == std::end(conversions)) return std::nullopt;
  return found->scale;
}

std::span<const Unit> all_units() { return units; }

}  // namespace congto::meter
