// The checks that need neither database nor ledger, in the order in which they protect each other: size,
// gzip, schema, names, times.
#include "agent/central/intake.hpp"

#include <cstdlib>
#include <utility>

#include "agent/central/content_hash.hpp"
#include "agent/central/sql_text.hpp"
#include "agent/contract/gzip.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/json_view.hpp"
#include "agent/contract/limits.hpp"
#include "agent/contract/online.hpp"

namespace congto::central {

namespace {

using contract::Topic;

// contract.md, The centre: earlier than this nobody measured with Congto.
constexpr std::int64_t first_time = 1'577'836'800'000;  // 2020-01-01
constexpr std::int64_t day = 86'400'000;
// Where the agent itself says that it does not know the time.
constexpr std::int64_t first_estimated = 946'684'800'000;   // 2000-01-01
constexpr std::int64_t last_estimated = 4'102'444'800'000;  // 2100-01-01
// On the wire at most 64 KiB; the meta record of a very large site may alone be larger (config/contract).
constexpr std::size_t max_payload = 256 * 1024;

// As people read it, where it is a time that they can mean.
std::string time_text(std::int64_t ms) {
  return ms < 0 || ms > last_estimated ? std::to_string(ms) : timestamp_text(ms);
}

// What is wrong with a time, as the end of a sentence.
std::string wrong_time(std::int64_t ms, bool estimated, WallTime now) {
  if (estimated) {
    return can_be(ms) ? std::string() : "lies outside 2000 to 2100";
  }
  if (ms < first_time) return "lies before 2020; is the agent's clock set?";
  if (ms > contract::unix_ms(now) + day) return "lies more than a day ahead";
  return {};
}

std::string wrong_skipped(const contract::ParsedEvent& event, WallTime now) {
  const auto json = contract::JsonView::check(event.json);
  if (!json) return json.error().message;
  bool estimated = false;
  std::int64_t from = 0, to = 0;
  for (const auto& [name, value] : json->members()) {
    if (name == "clock") estimated = !value.is_null();
    if (name == "from") from = value.integer().value_or(0);
    if (name == "to") to = value.integer().value_or(0);
  }
  for (const auto& [name, ms] : {std::pair{"from", from}, std::pair{"to", to}}) {
    if (auto wrong = wrong_time(ms, estimated, now); !wrong.empty()) return std::string(name) + " " + wrong;
  }
  return {};
}

Unusable too_large(std::size_t bytes) {
  return {"payload: " + std::to_string(bytes) + " bytes; at most " + std::to_string(max_payload) +
          " are allowed"};
}

// A batch's text, unpacked if it says so.
Result<std::string> unpacked(const Arrival& arrival) {
  if (arrival.content_encoding.empty()) return {boost::system::in_place_value, arrival.payload};
  if (arrival.content_encoding != contract::gzip_encoding) {
    return Error{"content-encoding \"" + contract::clipped(arrival.content_encoding, 60) +
                 "\" is not known here; gzip is"};
  }
  return contract::gunzip(arrival.payload, contract::max_expanded_bytes);
}

void refuse(Batch& batch, WallTime now) {
  auto& records = batch.parsed.records;
  auto kept = records.begin();
  for (auto& record : records) {
    auto reason = wrong_for_centre(record, now);
    if (reason.empty()) {
      if (&*kept != &record) *kept = std::move(record);
      ++kept;
    } else {
      batch.parsed.refused.push_back({0, record.seq, "record: " + reason, std::string(record.json)});
    }
  }
  records.erase(kept, records.end());
}

std::variant<std::unique_ptr<Batch>, Unusable> take_batch(const Arrival& arrival, const std::string& agent,
                                                          Topic what, WallTime now) {
  if (what == Topic::data && !arrival.content_encoding.empty()) {
    return Unusable{"up/data is never compressed; only up/backfill may be"};
  }
  auto text = unpacked(arrival);
  if (!text) return Unusable{text.error().message};
  auto batch = std::make_unique<Batch>();
  batch->text = std::move(*text);
  auto parsed = contract::parse_batch(batch->text);
  if (!parsed) return Unusable{parsed.error().message};
  batch->parsed = std::move(*parsed);
  if (batch->parsed.header.agent != agent) {
    return Unusable{"batch: it says agent \"" + batch->parsed.header.agent +
                    "\", but came on the topic of \"" + agent + "\""};
  }
  const auto records = batch->parsed.records.size() + batch->parsed.refused.size();
  if (arrival.payload.size() > contract::max_batch_bytes && records > 1) {
    return Unusable{"batch: " + std::to_string(arrival.payload.size()) + " bytes with " +
                    std::to_string(records) + " records; above " + std::to_string(contract::max_batch_bytes) +
                    " a record must be alone"};
  }
  refuse(*batch, now);
  for (const auto& record : batch->parsed.records) {
    batch->hashes.push_back(content_hash(record, batch->parsed.header.meta));
  }
  return batch;
}

// PostgreSQL's jsonb takes every character but this one. A backslash before the escape makes a text of it.
bool has_zero_character(std::string_view json) {
  for (auto at = json.find("\\u0000"); at != std::string_view::npos; at = json.find("\\u0000", at + 1)) {
    auto before = at;
    while (before > 0 && json[before - 1] == '\\') --before;
    if ((at - before) % 2 == 0) return true;
  }
  return false;
}

// Fields that nobody here knows are stored as they came, and numeric ends at 131072 digits. A box that sends
// many such records would have each found by halving.
bool has_endless_number(const contract::JsonView& value) {
  constexpr std::size_t long_number = 1'000;
  for (const auto& element : value.elements()) {
    if (has_endless_number(element)) return true;
  }
  for (const auto& [name, member] : value.members()) {
    if (has_endless_number(member)) return true;
  }
  const auto raw = value.raw();
  const bool number = raw.front() == '-' || (raw.front() >= '0' && raw.front() <= '9');
  return number && !value.number() &&
         (raw.size() > long_number || raw.find_first_of("eE") != std::string_view::npos);
}

void take_content(Taken& taken, WallTime now) {
  const auto& arrival = taken.arrival;
  if (arrival.payload.size() > max_payload) {
    taken.content = too_large(arrival.payload.size());
    return;
  }
  const bool batch = taken.what == Topic::data || taken.what == Topic::backfill;
  if (!batch && arrival.payload.empty()) {
    taken.content = Deleted{};
  } else if (batch) {
    std::visit([&](auto&& content) { taken.content = std::forward<decltype(content)>(content); },
               take_batch(arrival, taken.agent, taken.what, now));
  } else if (has_zero_character(arrival.payload)) {
    taken.content = Unusable{"a text contains a zero character, which can't be stored"};
  } else if (taken.what == Topic::status) {
    auto status = contract::parse_status(arrival.payload);
    if (status && status->agent == taken.agent) {
      taken.content = StatusReport{std::move(*status), arrival.payload};
    } else {
      taken.content =
          Unusable{status ? "status: its agent is not that of the topic" : status.error().message};
    }
  } else if (taken.what == Topic::meta) {
    auto meta = contract::parse_meta(arrival.payload);
    if (meta && meta->agent == taken.agent) {
      taken.content = Meta{std::move(*meta), arrival.payload};
    } else {
      taken.content = Unusable{meta ? "meta: its agent is not that of the topic" : meta.error().message};
    }
  } else if (taken.what == Topic::online) {
    const auto online = contract::parse_online(arrival.payload);
    if (online)
      taken.content = *online;
    else
      taken.content = Unusable{online.error().message};
  } else {
    taken.content = Unusable{"an agent does not publish on this topic"};
  }
}

}  // namespace

bool can_be(std::int64_t ms) { return ms >= first_estimated && ms <= last_estimated; }

std::string wrong_for_centre(const contract::ParsedRecord& record, WallTime now) {
  if (has_zero_character(record.json)) return "a text contains a zero character, which can't be stored";
  if (const auto* const sample = std::get_if<contract::ParsedSample>(&record.content)) {
    for (const auto& [name, ms] :
         {std::pair{"ts", std::optional(sample->ts)}, std::pair{"slot", sample->slot}}) {
      if (!ms) continue;
      if (auto wrong = wrong_time(*ms, sample->estimated, now); !wrong.empty()) {
        return std::string(name) + " " + time_text(*ms) + " " + wrong;
      }
    }
    // A poll ends soon after its slot; beyond this the two contradict one another.
    if (sample->slot && std::abs(*sample->slot - sample->ts) > 2 * day) {
      return "slot " + time_text(*sample->slot) + " lies days from ts " + time_text(sample->ts);
    }
    return {};
  }
  const auto& event = std::get<contract::ParsedEvent>(record.content);
  if (const auto json = contract::JsonView::check(event.json); json && has_endless_number(*json)) {
    return "a number lies outside a double's range";
  }
  if (event.event == "skipped") return wrong_skipped(event, now);
  return {};
}

Taken take_in(Arrival arrival, WallTime now) {
  Taken taken;
  taken.arrival = std::move(arrival);
  if (const auto topic = contract::parse_topic(taken.arrival.topic)) {
    taken.agent = topic->agent;
    taken.what = topic->what;
    take_content(taken, now);
  } else {
    taken.content = Unusable{"the topic names no valid agent"};
  }
  return taken;
}

}  // namespace congto::central
