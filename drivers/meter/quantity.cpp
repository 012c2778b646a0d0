// Quantities, and how they stand in the names of points.
#include "drivers/meter/quantity.hpp"

#include <utility>

namespace congto::meter {

namespace {

// What follows in the name of a voltage or current and makes another quantity of it; current_tariff is none.
constexpr std::pair<std::string_view, std::optional<Unit>> aspects[] = {
    {"thd", Unit::percent},  {"unbalance", Unit::percent}, {"imbalance", Unit::percent},
    {"angle", Unit::degree}, {"tariff", std::nullopt},
};

// A name is of a quantity when it is its word, or begins with it and an underscore. The first that fits
// counts.
constexpr std::pair<std::string_view, Unit> quantities[] = {
    {"active_energy", Unit::kilowatt_hour},
    {"reactive_energy", Unit::kilovar_hour},
    {"apparent_energy", Unit::kilovolt_ampere_hour},
    {"active_power", Unit::watt},
    {"reactive_power", Unit::volt_ampere_reactive},
    {"apparent_power", Unit::volt_ampere},
    {"power_factor", Unit::none},
    {"cos_phi", Unit::none},
    {"voltage", Unit::volt},
    {"current", Unit::ampere},
    {"frequency", Unit::hertz},
    {"thd", Unit::percent},
    {"phase_angle", Unit::degree},
    {"charge", Unit::ampere_hour},
    {"volume_flow", Unit::cubic_metre_per_hour},
    {"volume", Unit::cubic_metre},
    {"flow_rate", Unit::cubic_metre_per_hour},
    {"velocity", Unit::metre_per_second},
    {"sound_speed", Unit::metre_per_second},
    {"mass_flow", Unit::kilogram_per_hour},
    {"mass", Unit::kilogram},
    {"temperature", Unit::degree_celsius},
    {"humidity", Unit::percent},
    {"pressure", Unit::bar},
    {"heat_flow", Unit::gigajoule_per_hour},
    {"operating_time", Unit::second},
    {"operating_hours", Unit::hour},
};

bool begins_with_word(std::string_view name, std::string_view word) {
  return name.starts_with(word) && (name.size() == word.size() || name[word.size()] == '_');
}

// Where the word stands in the name, between underscores.
std::size_t find_word(std::string_view name, std::string_view word) {
  for (std::size_t at = 0; at < name.size();) {
    if (begins_with_word(name.substr(at), word)) return at;
    const std::size_t underscore = name.find('_', at);
    at = underscore == std::string_view::npos ? name.size() : underscore + 1;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<Unit> unit_of_name(std::string_view point_name) {
  constexpr std::string_view demand = "demand_";  // a power or current averaged over the demand period
  if (point_name.starts_with(demand)) point_name.remove_prefix(demand.size());
  for (const auto& [word, unit] : quantities) {
    if (!begins_with_word(point_name, word)) continue;
    if (unit != Unit::volt && unit != Unit::ampere) return unit;
    for (const auto& [aspect, other] : aspects) {
      if (find_word(point_name, aspect) != std::string_view::npos) return other;
    }
    return unit;
  }
  return std::nullopt;
}

std::optional<std::string> usual_name(std::string_view point_name) {
  std::string_view longest;
  for (const auto& quantity : quantities) {
    const bool within = find_word(point_name, quantity.first) != std::string_view::npos;
    if (within && quantity.first.size() > longest.size()) longest = quantity.first;
  }
  if (longest.empty() || begins_with_word(point_name, longest)) return std::nullopt;
  const std::size_t at = find_word(point_name, longest);
  return std::string(longest) + "_" + std::string(point_name.substr(0, at - 1)) +
         std::string(point_name.substr(at + longest.size()));
}

}  // namespace congto::meter
