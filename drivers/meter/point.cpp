// Words of types, kinds and word orders, and how many registers things take.
#include "drivers/meter/point.hpp"

#include <utility>

namespace congto::meter {

namespace {

constexpr std::pair<std::string_view, Type> types[] = {
    {"u16", Type::u16},         {"s16", Type::s16},       {"u32", Type::u32},   {"s32", Type::s32},
    {"u64", Type::u64},         {"s64", Type::s64},       {"f32", Type::f32},   {"f64", Type::f64},
    {"bits16", Type::bits16},   {"bits32", Type::bits32}, {"sm16", Type::sm16}, {"pf4q", Type::pf4q},
    {"mod10k4", Type::mod10k4}, {"ascii", Type::ascii},
};
constexpr std::pair<std::string_view, Kind> kinds[] = {
    {"gauge", Kind::gauge}, {"counter", Kind::counter}, {"status", Kind::status}, {"info", Kind::info}};
constexpr std::pair<std::string_view, WordOrder> word_orders[] = {{"big", WordOrder::big},
                                                                  {"little", WordOrder::little}};

template <class Value, std::size_t size>
std::string_view word_of(const std::pair<std::string_view, Value> (&words)[size], Value value) {
  for (const auto& [word, meaning] : words) {
    if (meaning == value) return word;
  }
  return {};
}

template <class Value, std::size_t size>
std::optional<Value> meaning_of(const std::pair<std::string_view, Value> (&words)[size],
                                std::string_view text) {
  for (const auto& [word, meaning] : words) {
    if (word == text) return meaning;
  }
  return std::nullopt;
}

}  // namespace

std::string_view text(Type type) { return word_of(types, type); }
std::string_view text(Kind kind) { return word_of(kinds, kind); }
std::string_view text(WordOrder order) { return word_of(word_orders, order); }

std::optional<Type> parse_type(std::string_view text) { return meaning_of(types, text); }
std::optional<Kind> parse_kind(std::string_view text) { return meaning_of(kinds, text); }
std::optional<WordOrder> parse_word_order(std::string_view text) { return meaning_of(word_orders, text); }

std::uint16_t registers_of(Type type) {
  switch (type) {
    case Type::u16:
    case Type::s16:
    case Type::sm16:
    case Type::bits16:
      return 1;
    case Type::u32:
    case Type::s32:
    case Type::f32:
    case Type::pf4q:
    case Type::bits32:
      return 2;
    case Type::u64:
    case Type::s64:
    case Type::f64:
    case Type::mod10k4:
      return 4;
    case Type::ascii:
      return 0;
  }
  return 0;
}

std::size_t Point::raw_words() const {
  std::size_t words = registers;
  if (scale_at) words += 1;
  if (plus) words += registers_of(plus->type);
  return words;
}

}  // namespace congto::meter
