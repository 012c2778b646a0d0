// Table: the strict reader of one TOML table. Every getter names a key that is known there and records what
// is wrong with its value; finish() then refuses every key that was never asked for.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/core/decimal.hpp"
#include "drivers/toml/nearest.hpp"
#include "drivers/toml/report.hpp"
#include "drivers/toml/value.hpp"

namespace congto::toml {

struct PlacedText {
  std::string text;
  Place place;
};

class Table {
 public:
  // `title` is how messages name the table: "[uplink]", "[[meter]] "compressor-1"". `table` and `report` must
  // outlive this.
  Table(const Value& table, std::string title, std::string file, Report& report)
      : table_(&table), title_(std::move(title)), file_(std::move(file)), report_(&report) {}

  // Nothing where the key is absent, or wrong; what is wrong is then in the report. Ranges include both ends.
  std::optional<std::string> string(std::string_view key);  // not empty
  std::optional<std::int64_t> integer(std::string_view key, std::int64_t low, std::int64_t high);
  std::optional<bool> boolean(std::string_view key);
  std::optional<std::chrono::milliseconds> duration(std::string_view key, std::chrono::milliseconds low,
                                                    std::chrono::milliseconds high);
  // Exact, as the file writes it: 0.1 and "0.1" are the same.
  std::optional<Decimal> decimal(std::string_view key);
  // A list of strings; with `one_alone` also a string without brackets.
  std::optional<std::vector<PlacedText>> strings(std::string_view key, bool one_alone = false);
  std::optional<Table> table(std::string_view key, std::string title);  // [key] or key = { … }
  std::vector<Table> tables(std::string_view key);                      // [[key]], each titled so
  // The value itself, whatever its kind; for keys with a form of their own.
  const Value* value(std::string_view key);

  template <class Meaning, std::size_t size>
  std::optional<Meaning> word(std::string_view key,
                              const std::pair<std::string_view, Meaning> (&words)[size]) {
    const auto text = string(key);
    if (!text) return std::nullopt;
    std::vector<std::string_view> known;
    for (const auto& [word, meaning] : words) {
      if (word == *text) return meaning;
      known.push_back(word);
    }
    unknown_word(key, *text, known);
    return std::nullopt;
  }
  // "expected "a" or "b", found "c"; did you mean …?"
  void unknown_word(std::string_view key, std::string_view found, std::span<const std::string_view> known);

  // Present, whether right or wrong.
  bool has(std::string_view key);
  // All keys, each now known; for tables whose keys are names of the user's.
  const std::vector<Entry>& named_entries();
  // A key is missing that must be there; at the table's own place.
  void missing(std::string_view key, std::string_view expected);
  void error(std::string_view key, std::string message) {
    report_->error(place(key), prefixed(key, message));
  }
  void warning(std::string_view key, std::string message) {
    report_->warning(place(key), prefixed(key, message));
  }
  // Every key that no getter asked for is an error, with the nearest known one or the table it belongs in.
  void finish();

  Place place() const { return {file_, table_->at}; }
  Place place(std::string_view key) const;  // of the value; the table's own where the key is absent
  Place place_of(const Value& value) const { return {file_, value.at}; }
  const std::string& title() const { return title_; }
  void set_title(std::string title) { title_ = std::move(title); }
  const std::string& file() const { return file_; }
  Report& report() { return *report_; }

 private:
  const Entry* find(std::string_view key) const;
  void wrong(std::string_view key, std::string_view expected, const Value& found);
  static std::string prefixed(std::string_view key, const std::string& message);

  const Value* table_;
  std::string title_;
  std::string file_;
  Report* report_;
  std::vector<std::string> known_;
};

}  // namespace congto::toml
