// Typed getters, and the refusal of unknown keys.
#include "drivers/toml/table.hpp"

#include <algorithm>

#include "drivers/toml/duration.hpp"

namespace congto::toml {

namespace {

bool is_whole_number(std::string_view text) {
  return !text.empty() && text.size() < 18 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// The number as Decimal reads it: without the separators and the sign that TOML allows.
std::string plain_number(std::string_view text) {
  std::string plain(text);
  std::erase(plain, '_');
  if (plain.starts_with('+')) plain.erase(0, 1);
  return plain;
}

}  // namespace

const Entry* Table::find(std::string_view key) const {
  const auto found = std::ranges::find(table_->entries, key, &Entry::key);
  return found == table_->entries.end() ? nullptr : &*found;
}

const Value* Table::value(std::string_view key) {
  if (std::ranges::find(known_, key) == known_.end()) known_.emplace_back(key);
  const Entry* entry = find(key);
  return entry == nullptr ? nullptr : &entry->value;
}

bool Table::has(std::string_view key) { return value(key) != nullptr; }

Place Table::place(std::string_view key) const {
  const Entry* entry = find(key);
  return entry == nullptr ? place() : Place{file_, entry->value.at};
}

std::string Table::prefixed(std::string_view key, const std::string& message) {
  return std::string(key) + ": " + message;
}

void Table::wrong(std::string_view key, std::string_view expected, const Value& found) {
  error(key, "expected " + std::string(expected) + ", found " + describe(found));
}

void Table::missing(std::string_view key, std::string_view expected) {
  report_->error(place(),
                 title_ + ": " + std::string(key) + " is missing; expected " + std::string(expected));
}

void Table::unknown_word(std::string_view key, std::string_view found,
                         std::span<const std::string_view> known) {
  std::string message = "expected " + list_words(known) + ", found " + in_quotes(found);
  if (const auto near = nearest_word(found, known)) message += "; did you mean " + in_quotes(*near) + "?";
  error(key, message);
}

std::optional<std::string> Table::string(std::string_view key) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind != Value::Kind::string) {
    const bool scalar = found->kind != Value::Kind::list && found->kind != Value::Kind::table;
    wrong(key, scalar ? "a text in quotes, " + in_quotes(found->text) : "a text in quotes", *found);
    return std::nullopt;
  }
  if (found->text.empty()) {
    error(key, "expected a text, found an empty one");
    return std::nullopt;
  }
  return found->text;
}

std::optional<std::int64_t> Table::integer(std::string_view key, std::int64_t low, std::int64_t high) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == Value::Kind::integer && found->integer >= low && found->integer <= high)
    return found->integer;
  std::string expected = "a whole number " + std::to_string(low) + " to " + std::to_string(high);
  if (found->kind == Value::Kind::string && is_whole_number(found->text)) expected += ", without quotes";
  wrong(key, expected, *found);
  return std::nullopt;
}

std::optional<bool> Table::boolean(std::string_view key) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == Value::Kind::boolean) return found->boolean;
  wrong(key, "true or false, without quotes", *found);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> Table::duration(std::string_view key, std::chrono::milliseconds low,
                                                         std::chrono::milliseconds high) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == Value::Kind::string) {
    const auto duration = parse_duration(found->text);
    if (duration && *duration >= low && *duration <= high) return duration;
  }
  wrong(key,
        "a duration of " + duration_text(low) + " to " + duration_text(high) +
            " in quotes, a whole number with ms, s, min, h or d, such as \"10s\"",
        *found);
  return std::nullopt;
}

std::optional<Decimal> Table::decimal(std::string_view key) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  std::optional<Decimal> decimal;
  if (found->kind == Value::Kind::string) decimal = Decimal::parse(found->text);
  if (found->kind == Value::Kind::number) decimal = Decimal::parse(plain_number(found->text));
  if (found->kind == Value::Kind::integer) decimal = Decimal(found->integer, 0);
  if (!decimal) wrong(key, "a decimal number of at most 30 digits, such as 0.1", *found);
  return decimal;
}

std::optional<std::vector<PlacedText>> Table::strings(std::string_view key, bool one_alone) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  const std::string expected =
      one_alone ? "a text in quotes or a list of them" : "a list of texts in quotes, [\"…\"]";
  if (one_alone && found->kind == Value::Kind::string)
    return std::vector{PlacedText{found->text, place_of(*found)}};
  if (found->kind != Value::Kind::list) {
    wrong(key, expected, *found);
    return std::nullopt;
  }
  std::vector<PlacedText> texts;
  for (const Value& item : found->items) {
    if (item.kind != Value::Kind::string) {
      report_->error(place_of(item), prefixed(key, "expected a text in quotes, found " + describe(item)));
      return std::nullopt;
    }
    texts.push_back({item.text, place_of(item)});
  }
  return texts;
}

std::optional<Table> Table::table(std::string_view key, std::string title) {
  const Value* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->kind == Value::Kind::table) return Table(*found, std::move(title), file_, *report_);
  const bool doubled = found->kind == Value::Kind::list && !found->items.empty() &&
                       found->items.front().kind == Value::Kind::table;
  if (doubled) {
    error(key, "there is only one: write [" + std::string(key) + "], with single brackets");
  } else {
    wrong(key, "a table, " + title, *found);
  }
  return std::nullopt;
}

std::vector<Table> Table::tables(std::string_view key) {
  const Value* found = value(key);
  if (found == nullptr) return {};
  const std::string name = "[[" + std::string(key) + "]]";
  if (found->kind == Value::Kind::table) {
    error(key, "there can be several: write " + name + ", with double brackets");
    return {};
  }
  std::vector<Table> tables;
  for (const Value& item : found->items) {
    if (item.kind == Value::Kind::table) tables.emplace_back(item, name, file_, *report_);
  }
  if (found->kind != Value::Kind::list || tables.size() != found->items.size()) {
    wrong(key, "tables, each under " + name, *found);
  }
  return tables;
}

const std::vector<Entry>& Table::named_entries() {
  for (const Entry& entry : table_->entries) value(entry.key);
  return table_->entries;
}

void Table::finish() {
  const std::vector<std::string_view> known(known_.begin(), known_.end());
  for (const Entry& entry : table_->entries) {
    if (std::ranges::find(known, entry.key) != known.end()) continue;
    std::string message = "unknown key " + in_quotes(entry.key) + " in " + title_;
    std::string places;
    std::string_view meant;
    for (const KeyPlace& candidate : report_->key_places()) {
      if (candidate.key != entry.key) continue;
      if (candidate.meant.empty()) {
        places += (places.empty() ? "" : " or ") + std::string(candidate.place);
      } else if (std::ranges::find(known, candidate.meant) != known.end()) {
        meant = candidate.meant;
      }
    }
    if (!meant.empty()) {
      message += "; here it is called " + in_quotes(meant);
    } else if (places.empty()) {
      message += suggestion(entry.key, known);
    } else {
      message += "; it belongs in " + places;
      if (const auto near = nearest_word(entry.key, known))
        message += "; or did you mean " + in_quotes(*near) + "?";
    }
    report_->error({file_, entry.at}, std::move(message));
  }
}

}  // namespace congto::toml
