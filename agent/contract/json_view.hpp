// JsonView: a value inside a JSON text, looked at in place: numbers keep their digits, records their text.
// Boost.JSON checks the text; its own tree would turn numbers into doubles. The text must outlive the views.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "drivers/core/decimal.hpp"
#include "drivers/core/error.hpp"

namespace congto::contract {

class JsonView {
 public:
  // Fails unless the whole text is one JSON value in UTF-8, nested at most 32 deep.
  static Result<JsonView> check(std::string_view text);

  bool is_null() const { return raw_ == "null"; }
  bool is_object() const { return raw_.front() == '{'; }
  bool is_array() const { return raw_.front() == '['; }

  // Nothing when the value is of another type. An integer is any number without a fraction, between
  // -(2^53 - 1) and 2^53 - 1: 5, 5.0 and 5e0 alike. A number has at most 30 digits and fits a double's range.
  std::optional<bool> boolean() const;
  std::optional<std::string> string() const;
  std::optional<std::int64_t> integer() const;
  std::optional<Decimal> number() const;
  // Empty when the value is of another type. Members are in the order of the text, repeated names included.
  std::vector<JsonView> elements() const;
  std::vector<std::pair<std::string, JsonView>> members() const;

  // As it stands in the text, without space around it.
  std::string_view raw() const { return raw_; }

 private:
  explicit JsonView(std::string_view raw) : raw_(raw) {}
  std::string_view raw_;  // never empty
};

}  // namespace congto::contract
