// Quantity: what the name of a point means ("active_energy_import_l2_t1", "voltage_l1_n", "flow_rate"), so
// that a simulated meter can give it a value. Pure; names follow the rules that all profiles use.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace congto::simulate {

enum class What : std::uint8_t {
  unknown,
  // electricity, now
  voltage,
  current,
  active_power,
  reactive_power,
  apparent_power,
  power_factor,
  phase_angle,
  frequency,
  thd_voltage,
  thd_current,
  demand_active_power,
  demand_reactive_power,
  demand_apparent_power,
  demand_current,
  // electricity, counted
  active_energy_import,
  active_energy_export,
  active_energy_total,
  active_energy_net,
  reactive_energy_import,
  reactive_energy_export,
  reactive_energy_total,
  reactive_energy_net,
  apparent_energy,
  none_exported,
  charge,
  // water
  flow_rate,
  mass_flow,
  velocity,
  flow_percent,
  volume_forward,
  volume_reverse,
  volume_net,
  mass,
  heat,
  sound_speed,
  reynolds,
  pt100,
  time_ratio,
  // any
  pulse_count,
  operating_seconds,
  operating_hours,
  temperature,
  signal_quality,
};

enum class Between : std::uint8_t { neutral, phases };     // of a voltage
enum class Over : std::uint8_t { sum, average, maximum };  // where no phase is named: sum is the total
enum class Part : std::uint8_t { whole, integer, fraction };

struct Quantity {
  What what = What::unknown;
  std::optional<unsigned> phase;  // 0-2; for voltages between phases, the first
  Between between = Between::neutral;
  bool neutral_conductor = false;  // current_n
  std::optional<unsigned> tariff;  // 0-3
  Over over = Over::sum;
  Part part = Part::whole;
  bool since_reset = false;  // counters that a user can clear
  bool operator==(const Quantity&) const = default;

  bool electric() const { return what >= What::voltage && what <= What::charge; }
  bool flow() const { return what >= What::flow_rate && what <= What::time_ratio; }
};

// What::unknown for names without a meaning here.
Quantity quantity_of(std::string_view point_name);

}  // namespace congto::simulate
