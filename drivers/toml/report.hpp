// Report: what is wrong with configuration files, with the place of each; errors stop a program, warnings
// don't. Filled by the readers of toml, meter and app; shown by every command. Not thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace congto::toml {

// Line and column count from 1, columns in characters; line 0: the file as a whole.
struct Position {
  unsigned line = 0;
  unsigned column = 0;
  auto operator<=>(const Position&) const = default;
};

struct Place {
  std::string file;
  Position position;
  bool operator==(const Place&) const = default;
  std::string text() const;  // "site.toml:12:3"
};

struct ConfigError {
  std::string file;
  unsigned line = 0;
  unsigned column = 0;
  std::string message;
  bool operator==(const ConfigError&) const = default;
  std::string text() const;  // "site.toml:12:3: every: expected …"
};

// Where a known key belongs; for the message about a key in the wrong table.
struct KeyPlace {
  std::string_view key;
  std::string_view place;  // "[[meter]]", "[uplink]", "a point", …
  // Where `key` is the word of others for a key of ours: ours, named in every table that knows it.
  std::string_view meant = {};
};

class Report {
 public:
  Report() = default;
  // `key_places` must live as long as the report.
  explicit Report(std::span<const KeyPlace> key_places) : key_places_(key_places) {}

  // Gives the file its turn in the order of messages.
  void begin(const std::string& file);
  // The same message at the same place is kept once; of more than 100, the rest is only counted.
  void error(const Place& place, std::string message);
  void warning(const Place& place, std::string message);
  void add(const Report& other);

  bool failed() const { return !errors_.entries.empty(); }
  // In the order of the file; files in the order in which they were begun or first named. Last comes how many
  // more there are.
  std::vector<ConfigError> errors() const { return sorted(errors_); }
  std::vector<ConfigError> warnings() const { return sorted(warnings_); }

  std::span<const KeyPlace> key_places() const { return key_places_; }

 private:
  struct List {
    std::vector<ConfigError> entries;
    std::size_t more = 0;  // that were not kept
  };
  void remember(List& list, ConfigError entry);
  std::vector<ConfigError> sorted(const List& list) const;

  std::span<const KeyPlace> key_places_;
  List errors_;
  List warnings_;
  std::vector<std::string> files_;
};

}  // namespace congto::toml
