// Durations read and written.
#include "drivers/toml/duration.hpp"

#include <charconv>
#include <cstdint>
#include <utility>

namespace congto::toml {

namespace {

constexpr std::pair<std::string_view, std::int64_t> units[] = {
    {"d", 86'400'000}, {"h", 3'600'000}, {"min", 60'000}, {"s", 1000}, {"ms", 1}};
constexpr std::ptrdiff_t most_digits = 9;  // of days: still far inside 64 bits of milliseconds

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{} || count < 0 || text.starts_with('-') || end - text.data() > most_digits) {
    return std::nullopt;
  }
  const std::string_view written_unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [unit, milliseconds] : units) {
    if (unit == written_unit) return std::chrono::milliseconds(count * milliseconds);
  }
  return std::nullopt;
}

std::string duration_text(std::chrono::milliseconds duration) {
  for (const auto& [unit, milliseconds] : units) {
    if (duration.count() != 0 && duration.count() % milliseconds == 0) {
      return std::to_string(duration.count() / milliseconds) + std::string(unit);
    }
  }
  return "0s";
}

}  // namespace congto::toml
