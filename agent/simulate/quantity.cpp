// See quantity.hpp.
#include "agent/simulate/quantity.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

namespace congto::simulate {

namespace {

constexpr std::array<std::pair<std::string_view, What>, 73> bases{{
    {"voltage", What::voltage},
    {"current", What::current},
    {"active_power", What::active_power},
    {"reactive_power", What::reactive_power},
    {"apparent_power", What::apparent_power},
    {"power_factor", What::power_factor},
    {"cos_phi", What::power_factor},
    {"phase_angle", What::phase_angle},
    {"frequency", What::frequency},
    {"thd_voltage", What::thd_voltage},
    {"thd_current", What::thd_current},
    {"demand_active_power", What::demand_active_power},
    {"demand_reactive_power", What::demand_reactive_power},
    {"demand_apparent_power", What::demand_apparent_power},
    {"demand_current", What::demand_current},
    {"active_energy", What::active_energy_import},
    {"active_energy_import", What::active_energy_import},
    {"active_energy_export", What::active_energy_export},
    {"active_energy_total", What::active_energy_total},
    {"active_energy_net", What::active_energy_net},
    {"reactive_energy", What::reactive_energy_total},
    {"reactive_energy_import", What::reactive_energy_import},
    {"reactive_energy_export", What::reactive_energy_export},
    {"reactive_energy_total", What::reactive_energy_total},
    {"reactive_energy_net", What::reactive_energy_net},
    {"apparent_energy", What::apparent_energy},
    {"apparent_energy_import", What::apparent_energy},
    {"apparent_energy_total", What::apparent_energy},
    {"apparent_energy_export", What::none_exported},
    {"demand_active_power_import", What::demand_active_power},
    {"demand_active_power_export", What::none_exported},
    {"charge", What::charge},
    {"flow_rate", What::flow_rate},
    {"volume_flow", What::flow_rate},
    {"mass_flow", What::mass_flow},
    {"velocity", What::velocity},
    {"flow_percent", What::flow_percent},
    {"volume", What::volume_forward},
    {"volume_total", What::volume_forward},
    {"volume_forward", What::volume_forward},
    {"volume_1", What::volume_forward},
    {"volume_2", What::volume_reverse},
    {"volume_3", What::volume_net},
    {"volume_reverse", What::volume_reverse},
    {"volume_net", What::volume_net},
    {"mass", What::mass},
    {"mass_total", What::mass},
    {"mass_forward", What::mass},
    {"heat_flow", What::heat},
    {"energy_forward", What::heat},
    {"energy_reverse", What::heat},
    {"energy_net", What::heat},
    {"sound_speed", What::sound_speed},
    {"reynolds", What::reynolds},
    {"resistance_pt100_supply", What::pt100},
    {"resistance_pt100_return", What::pt100},
    {"time_ratio", What::time_ratio},
    {"pulse_count", What::pulse_count},
    {"operating_time", What::operating_seconds},
    {"operating_hours", What::operating_hours},
    {"temperature", What::temperature},
    {"temperature_air", What::temperature},
    {"temperature_supply", What::temperature},
    {"temperature_return", What::temperature},
    {"temperature_probe", What::temperature},
    {"temperature_1", What::temperature},
    {"temperature_2", What::temperature},
    {"temperature_3", What::temperature},
    {"temperature_4", What::temperature},
    {"signal_quality", What::signal_quality},
    {"signal_strength", What::signal_quality},
    {"signal_strength_upstream", What::signal_quality},
    {"signal_strength_downstream", What::signal_quality},
}};

std::vector<std::string_view> split(std::string_view name) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t end = name.find('_');
    words.push_back(name.substr(0, end));
    if (end == std::string_view::npos) return words;
    name.remove_prefix(end + 1);
  }
}

std::optional<unsigned> numbered(std::string_view word, char letter, char last) {
  if (word.size() != 2 || word[0] != letter || word[1] < '1' || word[1] > last) return std::nullopt;
  return static_cast<unsigned>(word[1] - '1');
}

// A word behind the base that says which of the base's values is meant. False: it belongs to the base.
bool take(std::string_view word, Quantity& quantity) {
  // Second encodings of the same quantity, "ln" and "sum" as in voltage_ln_avg and current_sum.
  static constexpr std::array<std::string_view, 10> no_difference{
      "f32", "f64", "secondary", "primary", "alt", "iec", "native", "4q", "ln", "sum"};
  if (std::ranges::find(no_difference, word) != no_difference.end()) return true;
  if (word.starts_with("ch") && word.size() <= 4) return true;  // the channels of a pulse module count alike
  if (const auto phase = numbered(word, 'l', '3')) {
    if (quantity.phase) quantity.between = Between::phases;
    quantity.phase = phase;
  } else if (const auto tariff = numbered(word, 't', '4')) {
    quantity.tariff = tariff;
  } else if (word == "n") {
    quantity.neutral_conductor = true;
  } else if (word == "ll") {
    quantity.between = Between::phases;
  } else if (word == "avg") {
    quantity.over = Over::average;
  } else if (word == "max") {
    quantity.over = Over::maximum;
  } else if (word == "int") {
    quantity.part = Part::integer;
  } else if (word == "frac") {
    quantity.part = Part::fraction;
  } else if (word == "partial" || word == "resettable") {
    quantity.since_reset = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Quantity quantity_of(std::string_view point_name) {
  std::vector<std::string_view> words = split(point_name);
  Quantity quantity;
  // From the back, so that of "voltage_l1_l2" the first phase is what remains.
  while (words.size() > 1 && take(words.back(), quantity)) words.pop_back();
  std::string base;
  for (const std::string_view word : words) base += (base.empty() ? "" : "_") + std::string(word);
  const auto found = std::ranges::find(bases, base, &std::pair<std::string_view, What>::first);
  if (found == bases.end()) return {};
  quantity.what = found->second;
  // The n of voltage_l1_n is no conductor of its own.
  if (quantity.phase) quantity.neutral_conductor = false;
  return quantity;
}

}  // namespace congto::simulate
