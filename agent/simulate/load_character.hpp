// LoadCharacter: what kind of machine a meter's name speaks of, and how such a machine runs.
// Pure; a table that is extended by a row.
#pragma once

#include <cstdint>
#include <string_view>

namespace congto::simulate {

struct Span {
  double low = 0;
  double high = 0;
};

// How much of the day a machine is wanted.
enum class DayPattern : std::uint8_t {
  always,
  cheap_hours,    // hardest in the off-peak hours, held back in the peak: how ice is made for money
  warm_hours,     // follows the heat of the day
  working_hours,  // ice is sold and moved from 05:00 to 19:00
  dark_hours,     // lights
};

struct LoadCharacter {
  double rated_watts = 0;
  double power_factor = 1;   // at full load
  Span on_seconds;           // one run
  Span off_seconds;          // the pause after it; low = high = 0: runs through
  Span load;                 // share of the rated power while it runs
  double start_seconds = 0;  // of inrush
  DayPattern pattern = DayPattern::always;
  bool whole_plant = false;  // the main incomer: the sum of all others
};

// By the words of the meter's name, English or Vietnamese without marks ("compressor-2", "bom-nuoc-muoi").
LoadCharacter load_character(std::string_view meter_name, bool three_phase);

struct FlowCharacter {
  double rated_m3_per_hour = 0;
  double pipe_millimetres = 0;  // inner diameter, for the velocity
  Span on_seconds;
  Span off_seconds;
  Span load;
  DayPattern pattern = DayPattern::always;
};
FlowCharacter flow_character(std::string_view meter_name);

// How much a machine with this pattern is wanted at this hour, 0-1.
double wanted(DayPattern pattern, double hour);

}  // namespace congto::simulate
