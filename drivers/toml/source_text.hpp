// SourceText: a file's text by line and column, as toml++ counts them (characters, not bytes).
// Used by Document for the text of numbers, and for the hints on syntax errors.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "drivers/toml/report.hpp"

namespace congto::toml {

class SourceText {
 public:
  // `text` must outlive this, and be UTF-8. A byte-order mark at its start is no part of the first line.
  explicit SourceText(std::string_view text);

  std::size_t lines() const { return starts_.size(); }
  // Without its line end; empty for a line that does not exist.
  std::string_view line(unsigned number) const;
  // Where in its line the character of this column begins, in bytes; at most the length of the line.
  std::size_t offset_in_line(Position position) const;
  // The line from this position on.
  std::string_view rest_of_line(Position position) const;

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

// Column, from 1, of the character that begins at this byte of a line.
unsigned column_of(std::string_view line, std::size_t byte);

// The offset of the first byte that is not part of UTF-8 text (RFC 3629, section 4).
std::optional<std::size_t> first_bad_utf8(std::string_view text);

}  // namespace congto::toml
