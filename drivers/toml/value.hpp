// Value: one value of a TOML file with its position, and its keys in the order of the file.
// Made by Document, read through Table. Plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/toml/report.hpp"

namespace congto::toml {

struct Entry;

struct Value {
  enum class Kind : std::uint8_t { string, integer, number, boolean, date, list, table };

  Kind kind = Kind::table;
  Position at;
  std::string text;  // of a string its content, of any other scalar how the file writes it
  std::int64_t integer = 0;
  bool boolean = false;
  std::vector<Value> items;    // of a list
  std::vector<Entry> entries;  // of a table, in the order of the file
};

struct Entry {
  std::string key;
  Position at;
  Value value;
};

// For messages: `"abc"`, "the number 5", "a list", …
std::string describe(const Value& value);

}  // namespace congto::toml
