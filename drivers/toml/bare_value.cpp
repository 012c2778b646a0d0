// Recognising what somebody meant by a value without quotes.
#include "drivers/toml/bare_value.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <optional>

#include "drivers/toml/nearest.hpp"

namespace congto::toml {

namespace {

// 01 and 00.5; not 0., which ends too early, and not 0.0.1, which is no number.
bool is_number_with_leading_zero(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return text.size() > 1 && text[0] == '0' && text[1] != '.' && !text.ends_with('.') &&
         std::ranges::count(text, '.') <= 1 &&
         std::ranges::all_of(text, [](unsigned char c) { return std::isdigit(c) || c == '_' || c == '.'; });
}

std::string without_leading_zeros(std::string_view text) {
  const std::string sign = text.starts_with('-') ? "-" : "";
  std::size_t digit = text.find_first_not_of("+-0_");
  if (digit == std::string_view::npos) return sign + "0";
  if (text[digit] == '.') --digit;
  return sign + std::string(text.substr(digit));
}

bool is_word_for_boolean(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower) letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  constexpr std::array words{"true", "false", "yes", "no", "on", "off"};
  return std::ranges::find(words, lower) != words.end();
}

bool has_typographic_quote(std::string_view text) {
  constexpr std::array<std::string_view, 6> quotes{"\u201C", "\u201D", "\u201E",
                                                   "\u2018", "\u2019", "\u00AB"};
  return std::ranges::any_of(quotes, [&](std::string_view quote) { return text.starts_with(quote); });
}

// The remaining value, when it is all digits, point, sign and exponent.
std::optional<std::string> broken_number(std::string_view text) {
  const bool numeric = std::ranges::all_of(text, [](unsigned char c) {
    return std::isdigit(c) || std::string_view("+-._eE").find(char(c)) != std::string_view::npos;
  });
  if (!numeric || std::ranges::count(text, '.') > 1 ||
      !std::ranges::any_of(text, [](unsigned char c) { return std::isdigit(c); })) {
    return std::nullopt;
  }
  if (text.find('.') == std::string_view::npos && text.size() > 18)
    return "the number is too large: it has more than 64 bits";
  return "not a number: it needs digits before and after the point (0.5, 5.0)";
}

// 0X10, and for addresses 10h and 5B00, as manuals print them: their digits.
std::optional<std::string> hexadecimal(std::string_view key, std::string_view text) {
  const bool prefixed = text.starts_with("0X") || text.starts_with("0x");
  if (prefixed) text.remove_prefix(2);
  if (!prefixed && key != "at" && key != "scale-at") return std::nullopt;
  const bool suffixed = text.ends_with('h') || text.ends_with('H');
  if (suffixed) text.remove_suffix(1);
  const auto is_hex = [](unsigned char c) { return std::isxdigit(c) != 0; };
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  const bool marked = prefixed || suffixed || std::ranges::any_of(text, is_letter);
  if (text.empty() || !marked || !std::ranges::all_of(text, is_hex)) return std::nullopt;
  return std::string(text);
}

// 1/10 as a scale: the decimal that it is, or words alone where the division does not end.
std::optional<std::string> fraction_advice(std::string_view key, std::string_view text) {
  const std::size_t slash = text.find('/');
  if (!key.ends_with("scale") || slash == std::string_view::npos) return std::nullopt;
  const auto whole = [](std::string_view digits) {
    std::uint64_t number = 0;
    const char* end = digits.data() + digits.size();
    const auto parsed = std::from_chars(digits.data(), end, number);
    return parsed.ec == std::errc{} && parsed.ptr == end && number < 1'000'000'000 ? number : 0;
  };
  const std::uint64_t above = whole(text.substr(0, slash));
  const std::uint64_t below = whole(text.substr(slash + 1));
  if (above == 0 || below == 0) return std::nullopt;
  std::string decimal = std::to_string(above / below);
  std::uint64_t rest = above % below;
  if (rest != 0) decimal += '.';
  for (int digits = 0; rest != 0 && digits < 18; ++digits) {
    decimal += static_cast<char>('0' + rest * 10 / below);
    rest = rest * 10 % below;
  }
  return "no division can stand here: write it as a decimal, " + (rest == 0 ? decimal : "such as 0.1");
}

constexpr std::string_view non_breaking_space = "\u00A0";

}  // namespace

std::string bare_value_advice(std::string_view key, std::string_view text) {
  const std::string assignment = key.empty() ? "" : std::string(key) + " = ";
  if (has_typographic_quote(text)) return "these are typographic quotes: use the plain sign \" at both ends";
  if (text.find(non_breaking_space) != std::string_view::npos)
    return "a non-breaking space stands here: delete it and type a plain one";
  if (const auto semicolon = text.find(';');
      semicolon != std::string_view::npos && text.find('=') > semicolon)
    return "write a comma between the keys of { … }, not ;";
  if (is_number_with_leading_zero(text)) {
    return "a number must not begin with 0: write " + assignment + without_leading_zeros(text) + ", or " +
           in_quotes(text) + " if it is a text";
  }
  if (is_word_for_boolean(text)) return "write true or false, in small letters and without quotes";
  if (const auto digits = hexadecimal(key, text))
    return "a hexadecimal number begins with 0x and has no quotes: write " + assignment + "0x" + *digits;
  if (auto message = broken_number(text)) return *message;
  if (auto message = fraction_advice(key, text)) return *message;
  const bool plain = text.find_first_of("\\\"") == std::string_view::npos;
  return "missing quotes around a text: write " + assignment +
         (plain ? in_quotes(text) : "'" + std::string(text) + "'");
}

}  // namespace congto::toml
