// Keeping, sorting and writing of configuration errors.
#include "drivers/toml/report.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace congto::toml {

namespace {

constexpr std::size_t most_entries = 100;

std::string place_text(const std::string& file, unsigned line, unsigned column) {
  if (line == 0) return file;
  return file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace

std::string Place::text() const { return place_text(file, position.line, position.column); }

std::string ConfigError::text() const { return place_text(file, line, column) + ": " + message; }

void Report::error(const Place& place, std::string message) {
  remember(errors_, {place.file, place.position.line, place.position.column, std::move(message)});
}

void Report::warning(const Place& place, std::string message) {
  remember(warnings_, {place.file, place.position.line, place.position.column, std::move(message)});
}

void Report::begin(const std::string& file) {
  if (std::ranges::find(files_, file) == files_.end()) files_.push_back(file);
}

void Report::add(const Report& other) {
  for (const ConfigError& entry : other.errors_.entries) remember(errors_, entry);
  for (const ConfigError& entry : other.warnings_.entries) remember(warnings_, entry);
  errors_.more += other.errors_.more;
  warnings_.more += other.warnings_.more;
}

void Report::remember(List& list, ConfigError entry) {
  if (std::ranges::find(list.entries, entry) != list.entries.end()) return;
  begin(entry.file);
  if (list.entries.size() < most_entries) {
    list.entries.push_back(std::move(entry));
  } else {
    ++list.more;
  }
}

std::vector<ConfigError> Report::sorted(const List& list) const {
  std::vector<ConfigError> result = list.entries;
  const auto key = [&](const ConfigError& entry) {
    const auto file = std::ranges::find(files_, entry.file) - files_.begin();
    return std::tuple(file, entry.line, entry.column);
  };
  std::ranges::stable_sort(result, {}, key);
  if (list.more > 0)
    result.push_back({result.back().file, 0, 0, "and " + std::to_string(list.more) + " more"});
  return result;
}

}  // namespace congto::toml
