// FieldReader: takes the fields of one JSON object and keeps the first thing that is wrong with them, so that
// a reader says what it wants line by line and asks once. Used by every parser of this folder. Not shared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/contract/json_view.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"

namespace congto::contract {

class FieldReader {
 public:
  // `where` begins every error text: "ack", "acks[2]", "record 17". A value that is no object and a name that
  // stands twice are errors.
  FieldReader(const JsonView& value, std::string where);

  bool good() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  void fail(const std::string& what);
  // A message of this contract: "v" is 1.
  void check_version();

  // All of them, in the order of the text.
  const std::vector<std::pair<std::string, JsonView>>& members() const { return members_; }
  // Nothing for a field that is missing or null.
  const JsonView* find(std::string_view name) const;
  bool has(std::string_view name) const { return find(name) != nullptr; }
  // Like find(), but true also for null.
  bool stands(std::string_view name) const;

  // Fields that must be there, of the right type; the first that isn't becomes the error.
  const JsonView* need(std::string_view name);
  std::string text(std::string_view name);  // not empty
  std::uint64_t count(std::string_view name, std::uint64_t lowest = 0);
  std::int64_t integer(std::string_view name);
  bool boolean(std::string_view name);
  WallTime time(std::string_view name);
  EpochId epoch(std::string_view name);
  RangeSet ranges(std::string_view name);
  std::vector<JsonView> elements(std::string_view name, std::size_t most = SIZE_MAX,
                                 const char* what = "entries");

  // Fields that may be missing or null; of another type they are errors all the same.
  std::string text_or_empty(std::string_view name);
  std::uint64_t count_or_zero(std::string_view name);
  std::optional<std::int64_t> optional_count(std::string_view name);
  std::vector<JsonView> elements_or_none(std::string_view name);

 private:
  template <class T>
  T wanted(std::string_view name, const std::optional<T>& value, const char* what);

  std::string where_;
  std::vector<std::pair<std::string, JsonView>> members_;
  std::string error_;
};

// [first, last] with 1 <= first <= last <= 2^53 - 1; nothing for anything else.
std::optional<Range> parse_range(const JsonView& value);

// Why a meter, a point or a layout can't be called that, as the end of a sentence; empty where it can.
std::string wrong_name(std::string_view name);

}  // namespace congto::contract
