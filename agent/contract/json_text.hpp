// Writing JSON by hand: Boost.JSON parses only, and the hot path of a backfill wants no tree in between.
// Used by every writer of this folder. Pure; what is written is always valid UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "drivers/core/clock.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::contract {

void append_integer(std::string& out, std::uint64_t value);
void append_integer(std::string& out, std::int64_t value);
// With quotes. Bytes that are not UTF-8 (an info text of a meter may hold any) become U+FFFD.
void append_string(std::string& out, std::string_view text);
// [[1,480],[500,510]]: the lowest max_ack_ranges of them.
void append_ranges(std::string& out, const RangeSet& ranges);
// At most `bytes` bytes, cut between characters and marked with … when something was left out.
std::string clipped(std::string_view text, std::size_t bytes);

// Unix milliseconds, rounded down, as the contract gives times.
std::int64_t unix_ms(WallTime time);
WallTime from_unix_ms(std::int64_t ms);

// One object, written field by field into `out`: opens it when made, close() ends it.
class ObjectText {
 public:
  explicit ObjectText(std::string& out) : out_(out) { out_ += '{'; }
  ObjectText& text(std::string_view name, std::string_view value);
  ObjectText& integer(std::string_view name, std::uint64_t value);
  ObjectText& integer(std::string_view name, std::int64_t value);
  ObjectText& boolean(std::string_view name, bool value);
  ObjectText& null(std::string_view name);
  // Writes the name; the caller appends the value to the returned text.
  std::string& key(std::string_view name);
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace congto::contract
