// Edit distance and suggestions.
#include "drivers/toml/nearest.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

namespace congto::toml {

namespace {

constexpr std::size_t longest_list = 16;  // words that a message still lists in full

std::string folded(std::string_view word) {
  std::string result(word);
  for (char& letter : result) {
    letter = letter == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
  }
  return result;
}

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before_last(to.size() + 1);
  std::vector<std::size_t> last(to.size() + 1);
  std::vector<std::size_t> row(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[to.size()];
}

std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t too_long = 64;  // nobody mistypes a word of ours into that; distances stay cheap
  if (word.empty() || word.size() > too_long) return std::nullopt;
  const std::string wanted = folded(word);
  std::optional<std::string_view> nearest;
  std::size_t best = 0;
  for (const std::string_view candidate : known) {
    const std::size_t distance = edit_distance(wanted, folded(candidate));
    if (distance > std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3)) continue;
    if (nearest && distance >= best) continue;
    nearest = candidate;
    best = distance;
  }
  return nearest;
}

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string list_words(std::span<const std::string_view> words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += "\"" + std::string(words[i]) + "\"";
  }
  return text;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  if (const auto near = nearest_word(word, known)) return "; did you mean \"" + std::string(*near) + "\"?";
  if (known.empty() || known.size() > longest_list) return {};
  return "; known here: " + list_words(known);
}

}  // namespace congto::toml
