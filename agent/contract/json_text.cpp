// Escaping, numbers and the small object writer; RFC 8259 for the escapes, RFC 3629 for UTF-8.
#include "agent/contract/json_text.hpp"

#include <array>
#include <charconv>
#include <chrono>

#include "agent/contract/limits.hpp"

namespace congto::contract {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view ellipsis = "\xE2\x80\xA6";     // …

template <class Integer>
void append_number(std::string& out, Integer value) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// Bytes of the UTF-8 character that begins at `at`, a byte >= 0x80; 0 when there is none. The bounds of the
// second byte keep out overlong forms, surrogates and what lies above U+10FFFF (RFC 3629, section 4).
std::size_t character_length(std::string_view text, std::size_t at) {
  const auto lead = byte_at(text, at);
  const std::size_t length = lead >= 0xC2 && lead <= 0xDF   ? 2
                             : lead >= 0xE0 && lead <= 0xEF ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || at + length > text.size()) return 0;
  const auto second = byte_at(text, at + 1);
  const std::uint8_t lowest = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const std::uint8_t highest = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (second < lowest || second > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
  }
  return length;
}

void append_escaped(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  const auto byte = static_cast<std::uint8_t>(c);
  out += "\\u00";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

}  // namespace

void append_integer(std::string& out, std::uint64_t value) { append_number(out, value); }
void append_integer(std::string& out, std::int64_t value) { append_number(out, value); }

void append_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t plain = 0;  // start of the bytes that can be copied as they are
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = byte_at(text, at);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    if (byte >= 0x80) {
      if (const auto length = character_length(text, at)) {
        at += length;
        continue;
      }
    }
    out.append(text.substr(plain, at - plain));
    if (byte >= 0x80) {
      out += replacement;
    } else {
      append_escaped(out, text[at]);
    }
    plain = ++at;
  }
  out.append(text.substr(plain));
  out += '"';
}

void append_ranges(std::string& out, const RangeSet& ranges) {
  out += '[';
  std::size_t written = 0;
  std::uint64_t from = 0;
  while (written < max_ack_ranges) {
    const auto range = ranges.next(from);
    if (!range) break;
    out += written == 0 ? "[" : ",[";
    append_integer(out, range->first);
    out += ',';
    append_integer(out, range->last);
    out += ']';
    ++written;
    if (range->last == UINT64_MAX) break;
    from = range->last + 1;
  }
  out += ']';
}

std::string clipped(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  std::size_t end = bytes > ellipsis.size() ? bytes - ellipsis.size() : 0;
  while (end > 0 && (byte_at(text, end) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end)).append(ellipsis);
}

std::int64_t unix_ms(WallTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count();
}

WallTime from_unix_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

std::string& ObjectText::key(std::string_view name) {
  if (!first_) out_ += ',';
  first_ = false;
  append_string(out_, name);
  out_ += ':';
  return out_;
}

ObjectText& ObjectText::text(std::string_view name, std::string_view value) {
  append_string(key(name), value);
  return *this;
}

ObjectText& ObjectText::integer(std::string_view name, std::uint64_t value) {
  append_integer(key(name), value);
  return *this;
}

ObjectText& ObjectText::integer(std::string_view name, std::int64_t value) {
  append_integer(key(name), value);
  return *this;
}

ObjectText& ObjectText::boolean(std::string_view name, bool value) {
  key(name) += value ? "true" : "false";
  return *this;
}

ObjectText& ObjectText::null(std::string_view name) {
  key(name) += "null";
  return *this;
}

}  // namespace congto::contract
