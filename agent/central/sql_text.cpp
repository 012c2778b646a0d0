// The escapes of array literals and of COPY, and how int8multirange is written.
#include "agent/central/sql_text.hpp"

#include <charconv>
#include <chrono>
#include <cstdio>

namespace congto::central {

void ArrayText::begin() {
  if (size_++ > 0) body_ += ',';
}

ArrayText& ArrayText::add(std::string_view text) {
  begin();
  body_ += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') body_ += '\\';
    body_ += c;
  }
  body_ += '"';
  return *this;
}

ArrayText& ArrayText::add(std::int64_t number) {
  begin();
  body_ += std::to_string(number);
  return *this;
}

ArrayText& ArrayText::add_null() {
  begin();
  body_ += "NULL";
  return *this;
}

void CopyRow::begin() {
  if (!first_) out_ += '\t';
  first_ = false;
}

CopyRow& CopyRow::text(std::string_view value) {
  begin();
  for (const char c : value) {
    switch (c) {
      case '\\':
        out_ += "\\\\";
        break;
      case '\t':
        out_ += "\\t";
        break;
      case '\n':
        out_ += "\\n";
        break;
      case '\r':
        out_ += "\\r";
        break;
      default:
        out_ += c;
    }
  }
  return *this;
}

CopyRow& CopyRow::integer(std::int64_t value) {
  begin();
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out_.append(digits, end);
  return *this;
}

CopyRow& CopyRow::integer(std::optional<std::int64_t> value) { return value ? integer(*value) : null(); }

CopyRow& CopyRow::null() {
  begin();
  out_ += "\\N";
  return *this;
}

std::string& CopyRow::plain() {
  begin();
  return out_;
}

std::string timestamp_text(std::int64_t unix_ms) {
  using namespace std::chrono;
  const sys_time<milliseconds> time{milliseconds(unix_ms)};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%03d+00", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()), static_cast<int>(clock.subseconds().count()));
  return text;
}

std::string multirange_text(const RangeSet& set) {
  std::string text = "{";
  for (const auto& range : set.ranges()) {
    if (text.size() > 1) text += ',';
    text += '[' + std::to_string(range.first) + ',' + std::to_string(range.last + 1) + ')';
  }
  return text + "}";
}

std::optional<RangeSet> parse_multirange(std::string_view text) {
  if (text.size() < 2 || text.front() != '{' || text.back() != '}') return std::nullopt;
  RangeSet set;
  const char* at = text.data() + 1;
  const char* const end = text.data() + text.size() - 1;
  while (at != end) {
    Range range;
    if (*at == ',' && !set.empty()) ++at;
    if (at == end || *at != '[') return std::nullopt;
    const auto first = std::from_chars(at + 1, end, range.first);
    if (first.ec != std::errc{} || first.ptr == end || *first.ptr != ',') return std::nullopt;
    const auto last = std::from_chars(first.ptr + 1, end, range.last);
    if (last.ec != std::errc{} || last.ptr == end || *last.ptr != ')') return std::nullopt;
    if (range.first == 0 || range.last <= range.first) return std::nullopt;
    --range.last;
    set.add(range);
    at = last.ptr + 1;
  }
  return set;
}

}  // namespace congto::central
