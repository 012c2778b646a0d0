// The keys of [journal].
#include "agent/app/journal_settings.hpp"

#include <charconv>
#include <chrono>
#include <utility>

#include "drivers/toml/nearest.hpp"

namespace congto::app {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t smallest = 1'000'000;  // a few minutes of readings
constexpr std::uint64_t largest = 1'000'000'000'000;
constexpr std::pair<std::string_view, std::uint64_t> units[] = {{"kB", 1'000},         {"MB", 1'000'000},
                                                                {"GB", 1'000'000'000}, {"KiB", 1ULL << 10},
                                                                {"MiB", 1ULL << 20},   {"GiB", 1ULL << 30}};

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view written_unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const auto& [unit, bytes] : units) {
    if (unit == written_unit) return count * bytes;
  }
  return std::nullopt;
}

JournalSettings read_journal(toml::Table& table) {
  JournalSettings journal;
  if (const auto period = table.duration("commit-period", 100ms, 5min)) journal.commit_period = *period;
  if (const auto age = table.duration("max-age", 1h, 24h * 3650)) {
    journal.max_age = std::chrono::duration_cast<std::chrono::hours>(*age);
  }
  if (const auto text = table.string("max-size")) {
    const auto bytes = parse_size(*text);
    if (bytes && *bytes >= smallest && *bytes <= largest) {
      journal.max_bytes = *bytes;
    } else {
      table.error("max-size", "expected a size of 1MB to 1000GB, such as \"500MB\" or \"2GB\", found " +
                                  toml::in_quotes(*text));
    }
  }
  table.finish();
  return journal;
}

}  // namespace congto::app
