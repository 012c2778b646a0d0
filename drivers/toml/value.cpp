// Values in words.
#include "drivers/toml/value.hpp"

namespace congto::toml {

std::string describe(const Value& value) {
  switch (value.kind) {
    case Value::Kind::string:
      return "\"" + value.text + "\"";
    case Value::Kind::integer:
    case Value::Kind::number:
      return "the number " + value.text;
    case Value::Kind::boolean:
      return value.text;
    case Value::Kind::date:
      return "the date or time " + value.text;
    case Value::Kind::list:
      return "a list";
    case Value::Kind::table:
      return "a table";
  }
  return "something else";
}

}  // namespace congto::toml
