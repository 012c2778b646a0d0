// {"online":true}
#include "agent/contract/online.hpp"

#include "agent/contract/field_reader.hpp"

namespace congto::contract {

std::string write_online(bool online) { return online ? R"({"online":true})" : R"({"online":false})"; }

Result<bool> parse_online(std::string_view text) {
  const auto json = JsonView::check(text);
  if (!json) return Error{"online: " + json.error().message};
  FieldReader fields(*json, "online");
  const auto online = fields.boolean("online");
  if (!fields.good()) return Error{fields.error()};
  return online;
}

}  // namespace congto::contract
