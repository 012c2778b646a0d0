// {"v":1,"centre":…,"now":ms,"acks":[{"epoch":…,"ranges":[[1,480],[500,510]]}]}
#include "agent/contract/ack.hpp"

#include "agent/contract/field_reader.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"

namespace congto::contract {

std::string write(const Ack& ack) {
  std::string out;
  ObjectText message(out);
  message.integer("v", std::int64_t{version}).text("centre", ack.centre).integer("now", unix_ms(ack.now));
  message.key("acks") += '[';
  for (std::size_t i = 0; i < ack.acks.size(); ++i) {
    if (i > 0) out += ',';
    ObjectText settled(out);
    settled.text("epoch", ack.acks[i].epoch.text());
    append_ranges(settled.key("ranges"), ack.acks[i].ranges);
    settled.close();
  }
  out += ']';
  message.close();
  return out;
}

Result<Ack> parse_ack(std::string_view text) {
  const auto json = JsonView::check(text);
  if (!json) return Error{"ack: " + json.error().message};
  FieldReader fields(*json, "ack");
  fields.check_version();
  Ack ack;
  ack.centre = fields.text("centre");
  ack.now = fields.time("now");
  const auto parts = fields.elements("acks", max_entries);
  if (!fields.good()) return Error{fields.error()};
  for (const auto& part : parts) {
    FieldReader settled(part, "ack: acks[" + std::to_string(ack.acks.size()) + "]");
    Ack::Settled one;
    one.epoch = settled.epoch("epoch");
    one.ranges = settled.ranges("ranges");
    if (!settled.good()) return Error{settled.error()};
    ack.acks.push_back(std::move(one));
  }
  return ack;
}

}  // namespace congto::contract
