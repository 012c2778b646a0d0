// Recognising mistakes in TOML from the line they are in.
#include "drivers/toml/syntax_hint.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "drivers/toml/bare_value.hpp"
#include "drivers/toml/nearest.hpp"

namespace congto::toml {

namespace {

using Found = std::optional<SyntaxError>;

// The line of the error and what can be told about it.
struct Scene {
  const SourceText& source;
  Position at;
  std::string_view says;
  std::string_view line;
  std::size_t offset = 0;  // of the error in the line

  bool parser_says(std::string_view words) const { return says.find(words) != std::string_view::npos; }
  SyntaxError here(std::string message) const { return {at, std::move(message)}; }
  SyntaxError at_byte(std::size_t byte, std::string message) const {
    return {{at.line, column_of(line, byte)}, std::move(message)};
  }
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Where in the line the quote stands that is opened before `end` and not closed.
std::optional<std::size_t> open_quote(std::string_view line, std::size_t end) {
  std::optional<std::size_t> open;
  for (std::size_t i = 0; i < std::min(end, line.size()); ++i) {
    if (open && line[*open] == '"' && line[i] == '\\') {
      ++i;
    } else if (open && line[i] == line[*open]) {
      open.reset();
    } else if (!open && line[i] == '#') {
      break;
    } else if (!open && (line[i] == '"' || line[i] == '\'')) {
      open = i;
    }
  }
  return open;
}

// The word in quotes at the end of what the parser says.
std::string_view quoted_by_parser(std::string_view says) {
  const std::size_t end = says.rfind('\'');
  if (end == std::string_view::npos || end == 0) return {};
  const std::size_t begin = says.rfind('\'', end - 1);
  if (begin == std::string_view::npos) return {};
  return says.substr(begin + 1, end - begin - 1);
}

std::string first_on_line(const Scene& scene, auto&& is_the_first) {
  for (unsigned number = scene.at.line - 1; number > 0; --number) {
    if (is_the_first(trimmed(scene.source.line(number)))) return ", first on line " + std::to_string(number);
  }
  return {};
}

Found duplicate(const Scene& scene) {
  if (!scene.parser_says("redefine")) return std::nullopt;
  if (scene.parser_says("table header")) {
    const std::string_view header = trimmed(scene.line.substr(0, scene.line.find('#')));
    if (scene.parser_says("existing array")) {
      return scene.here(std::string(header) + " names one of a list: write [" + std::string(header) + "]");
    }
    const auto same = [&](std::string_view line) { return line.starts_with(header); };
    return scene.here(std::string(header) + " is given twice" + first_on_line(scene, same) +
                      "; put all its keys under one header (a list of them has [[two]] brackets)");
  }
  const std::string_view name = quoted_by_parser(scene.says);
  const auto same = [&](std::string_view line) {
    if (!line.starts_with(name)) return false;
    return trimmed(line.substr(name.size())).starts_with('=');
  };
  const std::size_t key = scene.line.rfind(name, scene.offset);
  return scene.at_byte(key == std::string_view::npos ? scene.offset : key,
                       "the key " + in_quotes(name) + " is given twice" + first_on_line(scene, same));
}

Found broken_string(const Scene& scene) {
  if (!scene.parser_says("string")) return std::nullopt;
  if (scene.parser_says("escape sequence")) {
    return scene.here(
        "a \\ in a \"string\" begins a special character: write \\\\ for the sign itself, or use 'single "
        "quotes', "
        "where it has no meaning");
  }
  if (!scene.parser_says("end-of-file") && !scene.parser_says("control character")) return std::nullopt;
  const auto open = open_quote(scene.line, scene.offset);
  if (!open) return scene.here("a string is not closed: its closing quotes are missing");
  if (scene.offset < scene.line.size() && scene.parser_says("control character")) {
    return scene.here("a control character in a string: delete it, or write it as \\uXXXX");
  }
  const bool multi_line =
      scene.line.substr(*open > 1 ? *open - 2 : *open, 3) == std::string(3, scene.line[*open]);
  const std::string closing(multi_line ? 3 : 1, scene.line[*open]);
  return scene.at_byte(*open, "the string that begins here is not closed: put " + closing + " at its end" +
                                  (multi_line ? "" : ", on the same line"));
}

Found broken_inline_table(const Scene& scene) {
  if (!scene.parser_says("inline table")) return std::nullopt;
  const bool comma = scene.parser_says("dangling comma");
  const bool end_of_line = scene.offset >= scene.line.size() || scene.line[scene.offset] == '#';
  if (comma) {
    return scene.here("no comma may stand before the } of an inline table { … }: take the last comma away");
  }
  if (end_of_line) {
    return scene.here(
        "an inline table { … } must be on one line, with its } at the end: join the lines, or write it as a "
        "[table] of its own");
  }
  if (scene.parser_says("expected comma"))
    return scene.here("a comma is missing here, between two keys of { … }");
  if (scene.parser_says("expected key")) return scene.here("expected a key, or the } that closes { … }");
  return std::nullopt;
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// 0,1 as it is written in Vietnam: the parser stops at the comma, or behind it inside { … }.
Found decimal_comma(const Scene& scene) {
  std::size_t digits = scene.offset;  // where those begin before which the parser stopped
  while (digits > 0 && digits <= scene.line.size() && is_digit(scene.line[digits - 1])) --digits;
  for (const std::size_t behind : {digits, scene.offset + 1}) {
    if (behind < 2 || behind >= scene.line.size() || scene.line[behind - 1] != ',') continue;
    if (!is_digit(scene.line[behind - 2]) || !is_digit(scene.line[behind])) continue;
    if (open_quote(scene.line, behind)) continue;
    std::size_t begin = behind - 1;
    while (begin > 0 && is_digit(scene.line[begin - 1])) --begin;
    std::size_t end = behind;
    while (end < scene.line.size() && is_digit(scene.line[end])) ++end;
    std::string number(scene.line.substr(begin, end - begin));
    number[behind - 1 - begin] = '.';
    return scene.at_byte(begin, "a decimal point is a point, not a comma: write " + number);
  }
  return std::nullopt;
}

// Line ends of old Macs make one line of the whole file.
Found carriage_return(const Scene& scene) {
  const std::size_t at = scene.line.find('\r');
  if (at == std::string_view::npos || at + 1 >= scene.line.size()) return std::nullopt;
  return scene.at_byte(at, "a line end of the old kind (CR alone): save the file with LF or CRLF line ends");
}

// The value without quotes in which the error lies.
struct BareValue {
  std::size_t begin = 0;
  std::string_view text;
  std::string_view key;  // before its =, empty inside lists
};

std::string_view key_before(std::string_view line, std::size_t equals) {
  std::string_view key = trimmed(line.substr(0, equals));
  return key.substr(key.find_last_of(" \t,{") + 1);  // npos + 1 is 0
}

std::optional<BareValue> bare_value(const Scene& scene) {
  if (scene.line.empty()) return std::nullopt;
  std::size_t start = std::min(scene.offset, scene.line.size() - 1);
  // Often the parser stops only at the sign that ends the value.
  if (start > 0 && std::string_view(",]}").find(scene.line[start]) != std::string_view::npos) --start;
  const std::size_t before = scene.line.find_last_of("=,[{", start);
  if (before == std::string_view::npos) return std::nullopt;
  const bool nested = scene.line.substr(0, before + 1).find_first_of("[{") != std::string_view::npos;
  const std::size_t end = scene.line.find_first_of(nested ? ",]}#" : "#", before + 1);
  const std::string_view whole = scene.line.substr(before + 1, end - before - 1);
  BareValue value;
  value.text = trimmed(whole);
  value.begin = static_cast<std::size_t>(value.text.data() - scene.line.data());
  if (scene.line[before] == '=') value.key = key_before(scene.line, before);
  return value;
}

Found bare_text(const Scene& scene) {
  const auto value = bare_value(scene);
  if (!value) return std::nullopt;
  const std::string_view text = value->text;
  if (text.empty()) {
    if (value->key.empty()) return std::nullopt;
    return scene.here("a value is missing after " + std::string(value->key) + " =");
  }
  if (text.front() == '"' || text.front() == '\'') {
    return scene.here("nothing but a # comment may follow a value on its line");
  }
  if (text.front() == '[' || text.front() == '{') return std::nullopt;
  return scene.at_byte(value->begin, bare_value_advice(value->key, text));
}

Found broken_header(const Scene& scene) {
  if (!scene.parser_says("table header")) return std::nullopt;
  const std::string_view header = trimmed(scene.line.substr(0, scene.line.find('#')));
  const std::size_t opening = header.starts_with("[[") ? 2 : 1;
  const std::string brackets(opening, ']');
  if (!header.ends_with(brackets)) {
    return scene.here("the header is not closed: it needs " + brackets + " at its end");
  }
  return scene.here("a header is [name] or [[name]], of letters, digits, - and _, alone on its line");
}

Found broken_key(const Scene& scene) {
  if (scene.parser_says("key-value pair") || scene.parser_says("expected keys") ||
      scene.parser_says("key:")) {
    if (scene.offset < scene.line.size() && scene.line[scene.offset] == ':') {
      return scene.here("write = between a key and its value, not :");
    }
    return scene.here("expected key = value (a key is of letters, digits, - and _, or in quotes)");
  }
  return std::nullopt;
}

Found broken_list(const Scene& scene) {
  if (!scene.parser_says("array")) return std::nullopt;
  if (scene.parser_says("end-of-file")) return scene.here("a list [ … ] is not closed: its ] is missing");
  return scene.here("a comma is missing here between the values of a list, or its ] before");
}

bool lies_in_a_value(const Scene& scene) {
  constexpr std::array<std::string_view, 7> values{
      "floating-point", "integer", "boolean", "parsing value", "date", "parsing time", "parsing string"};
  if (scene.parser_says("expected '='")) return false;
  if (std::ranges::any_of(values, [&](std::string_view word) { return scene.parser_says(word); }))
    return true;
  return scene.parser_says("key-value pair") && scene.line.find('=') < scene.offset;
}

}  // namespace

SyntaxError explain_syntax_error(const SourceText& source, Position at, std::string_view parser_says) {
  Scene scene{source, at, parser_says, source.line(at.line), 0};
  scene.offset = source.offset_in_line(at);
  if (auto found = duplicate(scene)) return *found;
  if (auto found = carriage_return(scene)) return *found;
  if (auto found = broken_string(scene)) return *found;
  if (auto found = decimal_comma(scene)) return *found;
  if (auto found = broken_inline_table(scene)) return *found;
  if (lies_in_a_value(scene)) {
    if (auto found = bare_text(scene)) return *found;
  }
  if (auto found = broken_header(scene)) return *found;
  if (auto found = broken_list(scene)) return *found;
  if (auto found = broken_key(scene)) return *found;
  return scene.here("not TOML: " + std::string(parser_says));
}

}  // namespace congto::toml
