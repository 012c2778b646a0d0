// See load_character.hpp. Powers and times are those of a block-ice plant of about 40 t a day, rounded.
#include "agent/simulate/load_character.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

namespace congto::simulate {

namespace {

using Words = std::array<std::string_view, 4>;

struct NamedLoad {
  Words words;
  LoadCharacter load;
};
struct NamedFlow {
  Words words;
  FlowCharacter flow;
};

// The first row that has a word of the name wins: "condenser-fan" is a fan.
const std::array named_loads{
    NamedLoad{{"main", "incomer", "transformer", "tong"},
              {160'000, 0.90, {}, {}, {0.5, 0.9}, 0, DayPattern::always, true}},
    NamedLoad{{"compressor", "screw", "nen", "lanh"},
              {75'000, 0.88, {900, 2'400}, {180, 480}, {0.78, 1.0}, 2, DayPattern::cheap_hours}},
    NamedLoad{{"agitator", "stirrer", "khuay", ""},
              {5'500, 0.80, {}, {}, {0.80, 0.95}, 1, DayPattern::always}},
    NamedLoad{{"fan", "tower", "condenser", "quat"},
              {7'500, 0.82, {600, 1'800}, {60, 300}, {0.85, 1.0}, 1, DayPattern::warm_hours}},
    NamedLoad{{"pump", "brine", "well", "bom"},
              {11'000, 0.84, {3'000, 9'000}, {60, 240}, {0.85, 1.0}, 1, DayPattern::always}},
    NamedLoad{{"crusher", "mill", "xay", "chipper"},
              {5'500, 0.78, {40, 150}, {120, 600}, {0.30, 1.1}, 1, DayPattern::working_hours}},
    NamedLoad{{"crane", "hoist", "cau", "conveyor"},
              {4'000, 0.75, {20, 70}, {60, 300}, {0.25, 0.9}, 1, DayPattern::working_hours}},
    NamedLoad{{"light", "office", "den", "phong"},
              {2'500, 0.95, {}, {}, {0.35, 0.9}, 0, DayPattern::dark_hours}},
};
const LoadCharacter any_machine{15'000, 0.85, {300, 1'800}, {60, 600}, {0.5, 0.95}, 1, DayPattern::always};

const std::array named_flows{
    NamedFlow{{"well", "gieng", "raw", "intake"},
              {18, 80, {1'200, 2'700}, {600, 1'500}, {0.92, 1.0}, DayPattern::always}},
    // A float valve: short refills, more of them in the heat.
    NamedFlow{{"tower", "makeup", "make", "cooling"},
              {4, 32, {90, 240}, {120, 420}, {0.80, 1.0}, DayPattern::warm_hours}},
    NamedFlow{{"can", "filling", "mould", "khuon"},
              {9, 50, {240, 420}, {300, 900}, {0.90, 1.0}, DayPattern::cheap_hours}},
};
const FlowCharacter any_flow{3, 32, {120, 900}, {60, 600}, {0.3, 1.0}, DayPattern::working_hours};

// One single-phase circuit carries at most about 20 A.
constexpr double single_phase_watts = 4'400;

std::vector<std::string> words_of(std::string_view name) {
  std::vector<std::string> words(1);
  for (const char character : name) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isalpha(byte)) {
      words.back() += static_cast<char>(std::tolower(byte));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  return words;
}

bool speaks_of(const std::vector<std::string>& name, const Words& words) {
  return std::ranges::any_of(words, [&](std::string_view word) {
    // Short words only whole: "den" (lamp) is not in "density".
    return !word.empty() && std::ranges::any_of(name, [&](const std::string& own) {
      return word.size() <= 4 ? own == word || own == std::string(word) + "s" : own.starts_with(word);
    });
  });
}

}  // namespace

LoadCharacter load_character(std::string_view meter_name, bool three_phase) {
  const std::vector<std::string> name = words_of(meter_name);
  const auto row =
      std::ranges::find_if(named_loads, [&](const NamedLoad& load) { return speaks_of(name, load.words); });
  LoadCharacter load = row == named_loads.end() ? any_machine : row->load;
  if (!three_phase) load.rated_watts = std::min(load.rated_watts, single_phase_watts);
  return load;
}

FlowCharacter flow_character(std::string_view meter_name) {
  const std::vector<std::string> name = words_of(meter_name);
  const auto row =
      std::ranges::find_if(named_flows, [&](const NamedFlow& flow) { return speaks_of(name, flow.words); });
  return row == named_flows.end() ? any_flow : row->flow;
}

double wanted(DayPattern pattern, double hour) {
  const auto between = [hour](double from, double to) { return hour >= from && hour < to; };
  switch (pattern) {
    case DayPattern::always:
      return 1;
    case DayPattern::cheap_hours:
      if (hour >= 22 || hour < 4) return 1;
      return between(9.5, 11.5) || between(17, 20) ? 0.45 : 0.75;
    case DayPattern::warm_hours:  // coolest at 04:00, warmest at 16:00
      return 0.70 - 0.30 * std::cos((hour - 4) * std::numbers::pi / 12);
    case DayPattern::working_hours:
      return between(5, 19) ? 1 : 0.15;
    case DayPattern::dark_hours:
      if (between(18, 22)) return 1;
      return between(6, 18) ? 0.45 : 0.6;
  }
  return 1;
}

}  // namespace congto::simulate
