// Parsing with toml++, and the copy of its tree in the order of the file.
#include "drivers/toml/document.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

#include "drivers/toml/source_text.hpp"
#include "drivers/toml/syntax_hint.hpp"

namespace congto::toml {

namespace {

constexpr std::uintmax_t longest_file = 256 * 1024;
// toml++ and our copy of its tree go down one call a part of [a.b.c]: a line of 100 kB would end the stack.
constexpr std::size_t longest_line = 4096;

Position position_of(const ::toml::source_region& region) { return {region.begin.line, region.begin.column}; }

// How the file writes the number, boolean or date at this position.
std::string written_text(const SourceText& source, Position position) {
  const std::string_view rest = source.rest_of_line(position);
  return std::string(rest.substr(0, rest.find_first_of(" \t,]}#")));
}

class Copier {
 public:
  explicit Copier(const SourceText& source) : source_(source) {}

  Value copy(const ::toml::node& node) const {
    Value value;
    value.at = position_of(node.source());
    if (const auto* table = node.as_table()) {
      copy_entries(*table, value);
    } else if (const auto* list = node.as_array()) {
      value.kind = Value::Kind::list;
      for (const ::toml::node& item : *list) value.items.push_back(copy(item));
    } else if (const auto* text = node.as_string()) {
      value.kind = Value::Kind::string;
      value.text = text->get();
    } else {
      copy_scalar(node, value);
    }
    return value;
  }

 private:
  void copy_entries(const ::toml::table& table, Value& value) const {
    value.kind = Value::Kind::table;
    for (const auto& [key, child] : table) {
      value.entries.push_back({std::string(key.str()), position_of(key.source()), copy(child)});
    }
    std::ranges::stable_sort(value.entries, {}, &Entry::at);
  }

  void copy_scalar(const ::toml::node& node, Value& value) const {
    value.text = written_text(source_, value.at);
    if (const auto* integer = node.as_integer()) {
      value.kind = Value::Kind::integer;
      value.integer = integer->get();
    } else if (const auto* boolean = node.as_boolean()) {
      value.kind = Value::Kind::boolean;
      value.boolean = boolean->get();
    } else {
      value.kind = node.is_floating_point() ? Value::Kind::number : Value::Kind::date;
    }
  }

  const SourceText& source_;
};

void report_bad_utf8(std::string_view text, std::size_t at, const std::string& file, Report& report) {
  const std::string_view before = text.substr(0, at);
  const std::size_t line_start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const auto line = static_cast<unsigned>(1 + std::ranges::count(before, '\n'));
  char byte[8];
  std::snprintf(byte, sizeof byte, "0x%02X", static_cast<unsigned char>(text[at]));
  const bool utf16 = text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
  std::string message = "not UTF-8: byte " + std::string(byte) + " at offset " + std::to_string(at);
  message +=
      utf16 ? "; the file is UTF-16, save it as UTF-8"
            : "; save the file as UTF-8 (an editor may call the encoding it has now Windows-1252 or 1258)";
  report.error({file, {line, column_of(before.substr(line_start), before.size())}}, std::move(message));
}

// A line that ends with CR alone counts too: its own hint is to come.
bool report_long_line(std::string_view text, const std::string& file, Report& report) {
  unsigned line = 1;
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = std::min(text.find_first_of("\r\n", start), text.size());
    if (end - start > longest_line) {
      report.error({file, {line, 1}}, "a line of " + std::to_string(end - start) +
                                          " bytes: expected at most " + std::to_string(longest_line));
      return true;
    }
    if (end < text.size() && text[end] == '\n') ++line;
    start = end + 1;
  }
  return false;
}

}  // namespace

std::optional<Document> Document::parse(std::string_view text, std::string file, Report& report) {
  report.begin(file);
  if (const auto bad = first_bad_utf8(text)) {
    report_bad_utf8(text, *bad, file, report);
    return std::nullopt;
  }
  if (report_long_line(text, file, report)) return std::nullopt;
  const SourceText source(text);
  try {
    const ::toml::table root = ::toml::parse(text, std::string_view(file));
    Document document;
    document.file_ = std::move(file);
    document.root_ = Copier(source).copy(root);
    document.root_.at = {1, 1};
    return document;
  } catch (const ::toml::parse_error& error) {
    const SyntaxError found = explain_syntax_error(source, position_of(error.source()), error.description());
    report.error({std::move(file), found.at}, found.message);
    return std::nullopt;
  }
}

std::optional<Document> Document::load(const std::filesystem::path& file, Report& report) {
  const Place whole_file{file.string(), {}};
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(file, error);
  if (!std::filesystem::is_regular_file(status)) {
    const std::string why = error ? error.message() : "not a regular file";
    report.error(whole_file, "cannot be read: " + why);
    return std::nullopt;
  }
  const std::uintmax_t size = std::filesystem::file_size(file, error);
  if (!error && size > longest_file) {
    report.error(whole_file, "longer than 256 KiB: not a configuration of ours");
    return std::nullopt;
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
  if (!stream.is_open() || stream.bad()) {
    report.error(whole_file, std::string("cannot be read: ") + std::strerror(errno));
    return std::nullopt;
  }
  return parse(text, file.string(), report);
}

}  // namespace congto::toml
