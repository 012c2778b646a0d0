// {"v":1,"requests":[{"epoch":…,"ranges":[[1,480]]},{"meta":"<id>"}]}
#include "agent/contract/request.hpp"

#include "agent/contract/field_reader.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::contract {

std::string write(const DataRequest& request) {
  std::string out;
  ObjectText message(out);
  message.integer("v", std::int64_t{version});
  message.key("requests") += '[';
  for (const auto& wanted : request.requests) {
    if (out.back() == '}') out += ',';
    ObjectText one(out);
    one.text("epoch", wanted.epoch.text());
    append_ranges(one.key("ranges"), wanted.ranges);
    one.close();
  }
  for (const auto& meta : request.metas) {
    if (out.back() == '}') out += ',';
    ObjectText(out).text("meta", meta).close();
  }
  out += ']';
  message.close();
  return out;
}

Result<DataRequest> parse_request(std::string_view text) {
  const auto json = JsonView::check(text);
  if (!json) return Error{"request: " + json.error().message};
  FieldReader fields(*json, "request");
  fields.check_version();
  DataRequest request;
  const auto parts = fields.elements("requests", max_entries);
  if (!fields.good()) return Error{fields.error()};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    FieldReader part(parts[i], "request: requests[" + std::to_string(i) + "]");
    if (part.has("meta")) request.metas.push_back(part.text("meta"));
    if (part.has("epoch") || part.has("ranges") || !part.has("meta")) {
      DataRequest::Wanted wanted;
      wanted.epoch = part.epoch("epoch");
      wanted.ranges = part.ranges("ranges");
      request.requests.push_back(std::move(wanted));
    }
    if (!part.good()) return Error{part.error()};
  }
  if (request.metas.size() > max_request_metas) {
    return Error{"request: asks for " + std::to_string(request.metas.size()) + " layouts; at most " +
                 std::to_string(max_request_metas) + " are allowed"};
  }
  return request;
}

}  // namespace congto::contract
