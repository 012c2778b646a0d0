// The checks that every message and record shares.
#include "agent/contract/field_reader.hpp"

#include <algorithm>

#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::contract {

namespace {

std::optional<std::uint64_t> parse_count(const JsonView& value, std::uint64_t lowest) {
  const auto number = value.integer();
  if (!number || *number < 0 || static_cast<std::uint64_t>(*number) < lowest) return std::nullopt;
  return static_cast<std::uint64_t>(*number);
}

}  // namespace

FieldReader::FieldReader(const JsonView& value, std::string where)
    : where_(std::move(where)), members_(value.members()) {
  if (!value.is_object()) {
    fail("is not an object");
    return;
  }
  std::vector<std::string_view> names;
  names.reserve(members_.size());
  for (const auto& [name, member] : members_) names.push_back(name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) fail("field \"" + std::string(*twice) + "\" stands twice");
}

void FieldReader::fail(const std::string& what) {
  if (error_.empty()) error_ = clipped(where_ + ": " + what, 500);
}

void FieldReader::check_version() {
  const auto found = count("v");
  if (good() && found != version) {
    fail("version " + std::to_string(found) + " of the contract is not known here (1 is); update this end");
  }
}

const JsonView* FieldReader::find(std::string_view name) const {
  for (const auto& [member, value] : members_) {
    if (member == name) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

bool FieldReader::stands(std::string_view name) const {
  return std::any_of(members_.begin(), members_.end(),
                     [&](const auto& member) { return member.first == name; });
}

const JsonView* FieldReader::need(std::string_view name) {
  const auto* const value = find(name);
  if (value == nullptr) fail("field \"" + std::string(name) + "\" is missing");
  return value;
}

template <class T>
T FieldReader::wanted(std::string_view name, const std::optional<T>& value, const char* what) {
  if (value) return *value;
  fail("field \"" + std::string(name) + "\" is not " + what);
  return T{};
}

std::string FieldReader::text(std::string_view name) {
  const auto* const value = need(name);
  if (value == nullptr) return {};
  auto text = wanted(name, value->string(), "a text");
  if (text.empty()) fail("field \"" + std::string(name) + "\" is empty");
  return text;
}

std::uint64_t FieldReader::count(std::string_view name, std::uint64_t lowest) {
  const auto* const value = need(name);
  if (value == nullptr) return 0;
  return wanted(name, parse_count(*value, lowest),
                lowest == 0 ? "a whole number from 0 to 2^53 - 1" : "a whole number from 1 to 2^53 - 1");
}

std::int64_t FieldReader::integer(std::string_view name) {
  const auto* const value = need(name);
  if (value == nullptr) return 0;
  return wanted(name, value->integer(), "a whole number between -(2^53 - 1) and 2^53 - 1");
}

bool FieldReader::boolean(std::string_view name) {
  const auto* const value = need(name);
  return value != nullptr && wanted(name, value->boolean(), "true or false");
}

WallTime FieldReader::time(std::string_view name) {
  // 2^53 ms in microseconds lies just below 2^63.
  return from_unix_ms(static_cast<std::int64_t>(count(name)));
}

EpochId FieldReader::epoch(std::string_view name) {
  const auto* const value = need(name);
  if (value == nullptr) return {};
  const auto text = value->string();
  return wanted(name, text ? EpochId::parse(*text) : std::nullopt, "an epoch (32 hex digits, lower case)");
}

RangeSet FieldReader::ranges(std::string_view name) {
  RangeSet set;
  for (const auto& part : elements(name, max_ack_ranges, "ranges")) {
    const auto range = parse_range(part);
    if (!range) {
      fail(clipped(part.raw(), 60) + " is not a range [first, last] with 1 <= first <= last <= 2^53 - 1");
      return {};
    }
    set.add(*range);
  }
  return set;
}

std::vector<JsonView> FieldReader::elements(std::string_view name, std::size_t most, const char* what) {
  const auto* const value = need(name);
  if (value == nullptr) return {};
  if (!value->is_array()) fail("field \"" + std::string(name) + "\" is not an array");
  auto elements = value->elements();
  if (elements.size() <= most) return elements;
  fail("field \"" + std::string(name) + "\" has " + std::to_string(elements.size()) + " " + what +
       "; at most " + std::to_string(most) + " are allowed");
  return {};
}

std::string FieldReader::text_or_empty(std::string_view name) {
  const auto* const value = find(name);
  return value == nullptr ? std::string() : wanted(name, value->string(), "a text");
}

std::uint64_t FieldReader::count_or_zero(std::string_view name) { return has(name) ? count(name) : 0; }

std::optional<std::int64_t> FieldReader::optional_count(std::string_view name) {
  if (!has(name)) return std::nullopt;
  return static_cast<std::int64_t>(count(name));
}

std::vector<JsonView> FieldReader::elements_or_none(std::string_view name) {
  return has(name) ? elements(name) : std::vector<JsonView>();
}

std::optional<Range> parse_range(const JsonView& value) {
  const auto ends = value.elements();
  if (ends.size() != 2) return std::nullopt;
  const auto first = parse_count(ends[0], 1);
  const auto last = parse_count(ends[1], 1);
  if (!first || !last || *first > *last) return std::nullopt;
  return Range{*first, *last};
}

std::string wrong_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > max_name_bytes) {
    return "has " + std::to_string(name.size()) + " bytes; at most " + std::to_string(max_name_bytes) +
           " are allowed";
  }
  if (name.find('\0') != std::string_view::npos) return "contains a zero character";
  return {};
}

}  // namespace congto::contract
