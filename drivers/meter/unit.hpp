// Unit: the closed list of units of measure.
// A profile brings a register to that unit with `scale`; nothing is converted later.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace congto::meter {

enum class Unit {
  none,  // "1" in a profile: power factor and other plain numbers; also status words
  volt,
  ampere,
  watt,
  volt_ampere_reactive,
  volt_ampere,
  hertz,
  percent,
  degree,
  kilowatt_hour,
  kilovar_hour,
  kilovolt_ampere_hour,
  ampere_hour,
  cubic_metre,
  cubic_metre_per_hour,
  metre_per_second,
  kilogram,
  kilogram_per_hour,
  degree_celsius,
  kelvin,
  gigajoule,
  gigajoule_per_hour,
  bar,
  pascal,
  ohm,
  second,
  hour,
  count,
};

// "kWh", "m3/h", "1"; as published and as written in a profile.
std::string_view text(Unit unit);
std::optional<Unit> parse_unit(std::string_view text);
// A well-known unit that is not in the list, and how to scale it: "MWh" -> {kilowatt_hour, "1000"},
// "l" -> {cubic_metre, "0.001"}; in other letter cases where that leaves one only. For the message that names
// the scale.
struct UnitHint {
  Unit unit;
  std::string_view scale;
};
std::optional<UnitHint> known_elsewhere(std::string_view text);
// The scale that brings one unit of the list to another of the same quantity ("3600" from h to s); nothing
// between others.
std::optional<std::string_view> scale_between(Unit from, Unit to);
std::span<const Unit> all_units();

}  // namespace congto::meter
