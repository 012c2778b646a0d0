// Boost.JSON's parser with a handler that keeps nothing checks the text; after that the walk over it needs no
// checks of its own.
#include "agent/contract/json_view.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>

#include "agent/contract/limits.hpp"

namespace congto::contract {

namespace {

// Takes every event of the parser and keeps none (the interface is Boost.JSON's, basic_parser).
struct Nothing {
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);
  using Code = boost::json::error_code;
  using Text = boost::json::string_view;

  bool on_document_begin(Code&) { return true; }
  bool on_document_end(Code&) { return true; }
  bool on_object_begin(Code&) { return true; }
  bool on_object_end(std::size_t, Code&) { return true; }
  bool on_array_begin(Code&) { return true; }
  bool on_array_end(std::size_t, Code&) { return true; }
  bool on_key_part(Text, std::size_t, Code&) { return true; }
  bool on_key(Text, std::size_t, Code&) { return true; }
  bool on_string_part(Text, std::size_t, Code&) { return true; }
  bool on_string(Text, std::size_t, Code&) { return true; }
  bool on_number_part(Text, Code&) { return true; }
  bool on_int64(std::int64_t, Text, Code&) { return true; }
  bool on_uint64(std::uint64_t, Text, Code&) { return true; }
  bool on_double(double, Text, Code&) { return true; }
  bool on_bool(bool, Code&) { return true; }
  bool on_null(Code&) { return true; }
  bool on_comment_part(Text, Code&) { return true; }
  bool on_comment(Text, Code&) { return true; }
};

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() && is_space(text[at])) ++at;
  return at;
}

// `at` is an opening quote; gives the place after the closing one.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; text[at] != '"'; ++at) {
    if (text[at] == '\\') ++at;
  }
  return at + 1;
}

// The place after the value that begins at `at`.
std::size_t end_of_value(std::string_view text, std::size_t at) {
  if (text[at] == '"') return end_of_string(text, at);
  if (text[at] != '{' && text[at] != '[') {
    while (at < text.size() && !is_space(text[at]) && text[at] != ',' && text[at] != ']' && text[at] != '}')
      ++at;
    return at;
  }
  std::size_t depth = 0;
  do {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  } while (depth > 0);
  return at;
}

std::string decoded(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos) return std::string(quoted.substr(1, quoted.size() - 2));
  const auto value = boost::json::parse(boost::json::string_view(quoted.data(), quoted.size()));
  const auto& text = value.get_string();
  return std::string(text.data(), text.size());
}

}  // namespace

Result<JsonView> JsonView::check(std::string_view text) {
  boost::json::basic_parser<Nothing> parser{boost::json::parse_options{}};
  boost::json::error_code code;
  const auto used = parser.write_some(false, text.data(), text.size(), code);
  if (!code && used < text.size()) code = boost::json::error::extra_data;
  if (code) return Error{"not JSON: " + code.message() + " near byte " + std::to_string(used)};
  const auto begin = skip_space(text, 0);
  return JsonView(text.substr(begin, end_of_value(text, begin) - begin));
}

std::optional<bool> JsonView::boolean() const {
  if (raw_ == "true") return true;
  if (raw_ == "false") return false;
  return std::nullopt;
}

std::optional<std::string> JsonView::string() const {
  if (raw_.front() != '"') return std::nullopt;
  return decoded(raw_);
}

std::optional<std::int64_t> JsonView::integer() const {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(raw_.data(), raw_.data() + raw_.size(), value);
  if (failed != std::errc{} || end != raw_.data() + raw_.size()) {
    const auto decimal = number();
    if (!decimal || std::abs(decimal->to_double()) > static_cast<double>(max_integer)) return std::nullopt;
    const auto plain = decimal->normalized();
    if (plain.exponent() < 0) return std::nullopt;
    value = static_cast<std::int64_t>(plain.to_double());  // exact: an integer below 2^53
  }
  if (value > max_integer || value < -max_integer) return std::nullopt;
  return value;
}

std::optional<Decimal> JsonView::number() const {
  if (raw_.front() != '-' && (raw_.front() < '0' || raw_.front() > '9')) return std::nullopt;
  const auto decimal = Decimal::parse(raw_);
  if (!decimal || !std::isfinite(decimal->to_double())) return std::nullopt;
  return decimal;
}

std::vector<JsonView> JsonView::elements() const {
  std::vector<JsonView> found;
  if (!is_array()) return found;
  for (std::size_t at = skip_space(raw_, 1); raw_[at] != ']';) {
    const auto end = end_of_value(raw_, at);
    found.push_back(JsonView(raw_.substr(at, end - at)));
    at = skip_space(raw_, end);
    if (raw_[at] == ',') at = skip_space(raw_, at + 1);
  }
  return found;
}

std::vector<std::pair<std::string, JsonView>> JsonView::members() const {
  std::vector<std::pair<std::string, JsonView>> found;
  if (!is_object()) return found;
  for (std::size_t at = skip_space(raw_, 1); raw_[at] != '}';) {
    const auto name_end = end_of_string(raw_, at);
    const auto name = raw_.substr(at, name_end - at);
    at = skip_space(raw_, skip_space(raw_, name_end) + 1);  // over the colon
    const auto end = end_of_value(raw_, at);
    found.emplace_back(decoded(name), JsonView(raw_.substr(at, end - at)));
    at = skip_space(raw_, end);
    if (raw_[at] == ',') at = skip_space(raw_, at + 1);
  }
  return found;
}

}  // namespace congto::contract
