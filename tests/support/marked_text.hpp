// A configuration with the sign » at the place where an error is expected, and the comparison with what a
// reader said about it. Used by the tests of the readers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace congto::test {

struct MarkedText {
  std::string text;  // without the mark
  unsigned line = 0;
  unsigned column = 0;  // in characters
};

inline MarkedText marked(std::string_view with_mark) {
  constexpr std::string_view mark = "»";
  MarkedText result{std::string(with_mark), 0, 0};
  const std::size_t at = with_mark.find(mark);
  if (at == std::string_view::npos) return result;
  result.text.erase(at, mark.size());
  result.line = 1;
  result.column = 1;
  for (const char byte : with_mark.substr(0, at)) {
    const bool continuation = (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
    if (byte == '\n') {
      ++result.line;
      result.column = 1;
    } else if (!continuation) {
      ++result.column;
    }
  }
  return result;
}

// Empty when `messages` is exactly one, "file:line:column: …" at the mark, with all `words`; else what is
// wrong.
inline std::string mismatch(const std::vector<std::string>& messages, const MarkedText& expected,
                            std::initializer_list<std::string_view> words) {
  std::string all;
  for (const std::string& message : messages) all += "\n  " + message;
  if (messages.size() != 1) return "expected one message, got " + std::to_string(messages.size()) + ":" + all;
  const std::string place =
      ".toml:" + std::to_string(expected.line) + ":" + std::to_string(expected.column) + ": ";
  if (messages.front().find(place) == std::string::npos) return "expected it at " + place + ", got" + all;
  for (const std::string_view word : words) {
    if (messages.front().find(word) == std::string::npos)
      return "expected the words " + std::string(word) + ", got" + all;
  }
  return {};
}

template <class Errors>
std::vector<std::string> texts(const Errors& errors) {
  std::vector<std::string> result;
  for (const auto& error : errors) result.push_back(error.text());
  return result;
}

}  // namespace congto::test
