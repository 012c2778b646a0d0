// Durations as configuration writes them: "500ms", "10s", "15min", "1h", "30d".
// Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace congto::toml {

// A whole number and its unit, without a space; nothing for anything else or for more than 9 digits.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// In the largest unit that gives a whole number: 90 s is "90s", 900 s is "15min".
std::string duration_text(std::chrono::milliseconds duration);

}  // namespace congto::toml
