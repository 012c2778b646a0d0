// Keeping, sorting and writing of configuration errors.
#include "drivers/toml/report.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace congto::toml {

namespace {

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
  for (const ConfigError& entry : other.errors_) remember(errors_, entry);
  for (const ConfigError& entry : other.warnings_) remember(warnings_, entry);
}

void Report::remember(std::vector<ConfigError>& list, ConfigError entry) {
  if (std::ranges::find(list, entry) != list.end()) return;
  begin(entry.file);
  list.push_back(std::move(entry));
}

std::vector<ConfigError> Report::sorted(std::vector<ConfigError> list) const {
  const auto key = [&](const ConfigError& entry) {
    const auto file = std::ranges::find(files_, entry.file) - files_.begin();
    return std::tuple(file, entry.line, entry.column);
  };
  std::ranges::stable_sort(list, {}, key);
  return list;
}

}  // namespace congto::toml
