// The nearest known word, for "did you mean": what strict readers say about a word they don't know.
// Pure functions.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace congto::toml {

// Letters to insert, delete, replace or swap with their neighbour to come from one word to the other
// (optimal string alignment).
std::size_t edit_distance(std::string_view from, std::string_view to);

// The known word with the smallest distance, ignoring case and with - and _ as one letter; nothing when more
// than a third of the letters differ.
std::optional<std::string_view> nearest_word(std::string_view word, std::span<const std::string_view> known);

// `; did you mean "unit-id"?`, or the whole list when nothing is near and it is short, or nothing.
std::string suggestion(std::string_view word, std::span<const std::string_view> known);
// "text", for messages.
std::string in_quotes(std::string_view text);
// `"a", "b" or "c"`.
std::string list_words(std::span<const std::string_view> words);

}  // namespace congto::toml
