// Lines, columns and UTF-8.
#include "drivers/toml/source_text.hpp"

#include <algorithm>
#include <cstdint>

namespace congto::toml {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

bool is_continuation(char byte) { return (static_cast<std::uint8_t>(byte) & 0xC0U) == 0x80U; }

// Bytes of the character that begins with `lead`, and the bounds of its second byte; 0 for a byte that begins
// none.
struct Form {
  std::size_t bytes = 0;
  std::uint8_t second_low = 0x80;
  std::uint8_t second_high = 0xBF;
};
Form form_of(std::uint8_t lead) {
  if (lead <= 0x7F) return {1};
  if (lead >= 0xC2 && lead <= 0xDF) return {2};
  if (lead == 0xE0) return {3, 0xA0, 0xBF};
  if (lead == 0xED) return {3, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {3};
  if (lead == 0xF0) return {4, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {4};
  if (lead == 0xF4) return {4, 0x80, 0x8F};
  return {};
}

}  // namespace

SourceText::SourceText(std::string_view text) : text_(text) {
  starts_.push_back(text.starts_with(byte_order_mark) ? byte_order_mark.size() : 0);
  for (std::size_t at = starts_.front(); at < text.size(); ++at) {
    if (text[at] == '\n') starts_.push_back(at + 1);
  }
}

std::string_view SourceText::line(unsigned number) const {
  if (number == 0 || number > starts_.size()) return {};
  const std::size_t start = starts_[number - 1];
  std::string_view line = text_.substr(start, text_.find('\n', start) - start);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::size_t SourceText::offset_in_line(Position position) const {
  const std::string_view text = line(position.line);
  std::size_t at = 0;
  for (unsigned column = 1; column < position.column && at < text.size(); ++column) {
    ++at;
    while (at < text.size() && is_continuation(text[at])) ++at;
  }
  return at;
}

std::string_view SourceText::rest_of_line(Position position) const {
  return line(position.line).substr(offset_in_line(position));
}

unsigned column_of(std::string_view line, std::size_t byte) {
  const auto before = line.substr(0, byte);
  return 1 + static_cast<unsigned>(std::ranges::count_if(before, [](char c) { return !is_continuation(c); }));
}

std::optional<std::size_t> first_bad_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Form form = form_of(static_cast<std::uint8_t>(text[at]));
    if (form.bytes == 0 || at + form.bytes > text.size()) return at;
    for (std::size_t i = 1; i < form.bytes; ++i) {
      if (!is_continuation(text[at + i])) return at;
    }
    if (form.bytes > 1) {
      const auto second = static_cast<std::uint8_t>(text[at + 1]);
      if (second < form.second_low || second > form.second_high) return at;
    }
    at += form.bytes;
  }
  return std::nullopt;
}

}  // namespace congto::toml
