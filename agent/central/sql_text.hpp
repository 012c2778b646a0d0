// Values as the text that PostgreSQL reads: arrays, rows of COPY, times, and the ledger's multiranges. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "drivers/core/range_set.hpp"

namespace congto::central {

// {"a","b"}: an array literal, filled one element after the other.
class ArrayText {
 public:
  ArrayText& add(std::string_view text);
  ArrayText& add(std::int64_t number);
  ArrayText& add_null();
  std::size_t size() const { return size_; }
  std::string text() const { return "{" + body_ + "}"; }

 private:
  void begin();
  std::string body_;
  std::size_t size_ = 0;
};

// One row of COPY's text format: fields in the order of the columns, then end(). Nothing is null.
class CopyRow {
 public:
  explicit CopyRow(std::string& out) : out_(out) {}
  CopyRow& text(std::string_view value);
  CopyRow& integer(std::int64_t value);
  CopyRow& integer(std::optional<std::int64_t> value);
  CopyRow& null();
  // A field whose text holds no tab, backslash or line end: the caller appends it.
  std::string& plain();
  void end() { out_ += '\n'; }

 private:
  void begin();
  std::string& out_;
  bool first_ = true;
};

// Unix ms as "2026-11-28 07:00:00.123+00"; years 1 to 9999 only.
std::string timestamp_text(std::int64_t unix_ms);

// {[1,481),[500,511)}, as int8multirange prints it; and back. Nothing for any other text.
std::string multirange_text(const RangeSet& set);
std::optional<RangeSet> parse_multirange(std::string_view text);

}  // namespace congto::central
