// The status as text, kept below its limit: what is broken is named before what works.
#include "agent/contract/status.hpp"

#include <algorithm>
#include <cmath>

#include "agent/contract/field_reader.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/limits.hpp"
#include "drivers/core/decimal.hpp"

namespace congto::contract {

namespace {

constexpr std::size_t max_text_bytes = 200;  // of one name, state or alarm; about two lines on a screen
// Kept free for what stands around the lists: brackets, names and the counts of what was left out.
constexpr std::size_t frame_bytes = 200;

void count_if_any(ObjectText& object, std::string_view name, std::uint64_t count) {
  if (count > 0) object.integer(name, count);
}

std::string text_of(const std::string& alarm) {
  std::string out;
  append_string(out, clipped(alarm, max_text_bytes));
  return out;
}

std::string text_of(const Status::Bus& bus) {
  std::string out;
  ObjectText object(out);
  object.text("name", clipped(bus.name, max_text_bytes)).text("state", clipped(bus.state, max_text_bytes));
  const double share = std::isfinite(bus.load) ? std::clamp(bus.load, 0.0, 1.0) : 0.0;
  Decimal(std::lround(share * 1000), -3).append_to(object.key("load"));
  object.integer("requests", bus.requests);
  count_if_any(object, "timeouts", bus.timeouts);
  count_if_any(object, "crc_errors", bus.crc_errors);
  count_if_any(object, "stale_bytes", bus.stale_bytes);
  count_if_any(object, "foreign_frames", bus.foreign_frames);
  count_if_any(object, "overruns", bus.overruns);
  object.close();
  return out;
}

std::string text_of(const Status::Meter& meter) {
  std::string out;
  ObjectText object(out);
  object.text("name", clipped(meter.name, max_text_bytes))
      .text("state", clipped(meter.state, max_text_bytes));
  if (meter.last_read_age_s) object.integer("last_read_age_s", *meter.last_read_age_s);
  count_if_any(object, "failures", meter.failures);
  object.close();
  return out;
}

// The chosen entries of one list, as one text, and how many did not get in.
struct Entries {
  std::string text;
  std::uint64_t left_out = 0;

  template <class Entry>
  void add(const Entry& entry, std::size_t& room) {
    const auto one = text_of(entry);
    if (one.size() + 1 > room) {
      ++left_out;
      return;
    }
    room -= one.size() + 1;
    if (!text.empty()) text += ',';
    text += one;
  }
  template <class Entry>
  void add(const std::vector<Entry>& entries, bool in_order, std::size_t& room) {
    for (const auto& entry : entries) {
      if ((entry.state == "ok") == in_order) add(entry, room);
    }
  }
};

void write_head(const Status& status, ObjectText& message) {
  message.integer("v", std::int64_t{contract::version})
      .text("agent", clipped(status.agent, max_text_bytes))
      .text("site", clipped(status.site, max_text_bytes))
      .text("version", clipped(status.version, max_text_bytes))
      .integer("sent", unix_ms(status.sent))
      .integer("uptime_s", status.uptime_s)
      .text("clock", clipped(status.clock, max_text_bytes))
      .boolean("clock_known", status.clock_known)
      .text("journal", clipped(status.journal, max_text_bytes));
  if (!status.journal_trouble.empty()) {
    message.text("journal_trouble", clipped(status.journal_trouble, max_text_bytes));
  }
  message.integer("journal_bytes", status.journal_bytes).text("ack", clipped(status.ack, max_text_bytes));
  if (status.last_ack_age_s) message.integer("last_ack_age_s", *status.last_ack_age_s);
  message.text("epoch", status.epoch.text())
      .integer("last", status.last_seq)
      .integer("unacknowledged", status.unacknowledged)
      .integer("waiting_for_time", status.waiting_for_time)
      .integer("samples", status.samples)
      .integer("failed_polls", status.failed_polls)
      .integer("skipped_slots", status.skipped_slots)
      .integer("overruns", status.overruns);
}

void write_backlog(const Status& status, ObjectText& message) {
  const auto shown = std::min(status.epochs.size(), max_status_epochs);
  std::string& out = message.key("epochs");
  out += '[';
  for (std::size_t i = 0; i < shown; ++i) {
    out += i == 0 ? "[" : ",[";
    append_string(out, status.epochs[i].epoch.text());
    out += ',';
    append_integer(out, status.epochs[i].first);
    out += ',';
    append_integer(out, status.epochs[i].last);
    out += ']';
  }
  out += ']';
  message.integer("more", status.more + (status.epochs.size() - shown));
}

void write_entries(ObjectText& message, std::string_view name, const Entries& entries) {
  message.key(name).append(1, '[').append(entries.text).append(1, ']');
  count_if_any(message, std::string(name) + "_left_out", entries.left_out);
}

std::optional<Status::Backlog> parse_backlog(const JsonView& triple) {
  const auto parts = triple.elements();
  if (parts.size() != 3) return std::nullopt;
  const auto epoch = EpochId::parse(parts[0].string().value_or(std::string()));
  const auto first = parts[1].integer().value_or(0);
  const auto last = parts[2].integer().value_or(0);
  if (!epoch || first < 1 || first > last) return std::nullopt;
  return Status::Backlog{*epoch, static_cast<std::uint64_t>(first), static_cast<std::uint64_t>(last)};
}

void read_backlog(FieldReader& fields, Status& status) {
  for (const auto& part : fields.elements("epochs")) {
    const auto backlog = parse_backlog(part);
    if (!backlog) fields.fail(clipped(part.raw(), 80) + " is not [epoch, first unacknowledged, last]");
    status.epochs.push_back(backlog.value_or(Status::Backlog{}));
  }
  status.more = fields.count("more");
}

Status::Bus read_bus(FieldReader& fields) {
  Status::Bus bus;
  bus.name = fields.text("name");
  bus.state = fields.text("state");
  if (const auto* const load = fields.find("load")) {
    const auto number = load->number();
    if (!number) fields.fail("field \"load\" is not a number");
    bus.load = number ? number->to_double() : 0;
  }
  bus.requests = fields.count_or_zero("requests");
  bus.timeouts = fields.count_or_zero("timeouts");
  bus.crc_errors = fields.count_or_zero("crc_errors");
  bus.stale_bytes = fields.count_or_zero("stale_bytes");
  bus.foreign_frames = fields.count_or_zero("foreign_frames");
  bus.overruns = fields.count_or_zero("overruns");
  return bus;
}

Status::Meter read_meter(FieldReader& fields) {
  Status::Meter meter;
  meter.name = fields.text("name");
  meter.state = fields.text("state");
  meter.last_read_age_s = fields.optional_count("last_read_age_s");
  meter.failures = fields.count_or_zero("failures");
  return meter;
}

template <class Entry>
void read_entries(FieldReader& fields, const char* name, Entry (*read)(FieldReader&),
                  std::vector<Entry>& into) {
  for (const auto& part : fields.elements_or_none(name)) {
    FieldReader entry(part, std::string(name) + "[" + std::to_string(into.size()) + "]");
    into.push_back(read(entry));
    if (!entry.good()) fields.fail(entry.error());
  }
}

void read_head(FieldReader& fields, Status& status) {
  status.agent = fields.text("agent");
  status.site = fields.text_or_empty("site");
  status.version = fields.text_or_empty("version");
  status.sent = fields.time("sent");
  status.uptime_s = fields.count_or_zero("uptime_s");
  status.clock = fields.text_or_empty("clock");
  status.clock_known = fields.has("clock_known") && fields.boolean("clock_known");
  status.journal = fields.text_or_empty("journal");
  status.journal_trouble = fields.text_or_empty("journal_trouble");
  status.journal_bytes = fields.count_or_zero("journal_bytes");
  status.ack = fields.text_or_empty("ack");
  status.last_ack_age_s = fields.optional_count("last_ack_age_s");
  status.epoch = fields.epoch("epoch");
  status.last_seq = fields.count("last");
  status.unacknowledged = fields.count_or_zero("unacknowledged");
  status.waiting_for_time = fields.count_or_zero("waiting_for_time");
  status.samples = fields.count_or_zero("samples");
  status.failed_polls = fields.count_or_zero("failed_polls");
  status.skipped_slots = fields.count_or_zero("skipped_slots");
  status.overruns = fields.count_or_zero("overruns");
}

}  // namespace

std::string write(const Status& status) {
  std::string out;
  out.reserve(max_status_bytes);
  ObjectText message(out);
  write_head(status, message);
  write_backlog(status, message);

  Entries alarms, buses, meters;
  std::size_t room = max_status_bytes - std::min(max_status_bytes, out.size() + frame_bytes);
  for (const auto& alarm : status.alarms) alarms.add(alarm, room);
  buses.add(status.buses, false, room);
  meters.add(status.meters, false, room);
  buses.add(status.buses, true, room);
  meters.add(status.meters, true, room);
  alarms.left_out += status.alarms_left_out;
  buses.left_out += status.buses_left_out;
  meters.left_out += status.meters_left_out;
  write_entries(message, "alarms", alarms);
  write_entries(message, "buses", buses);
  write_entries(message, "meters", meters);
  message.close();
  return out;
}

Result<Status> parse_status(std::string_view text) {
  const auto json = JsonView::check(text);
  if (!json) return Error{"status: " + json.error().message};
  FieldReader fields(*json, "status");
  fields.check_version();
  Status status;
  read_head(fields, status);
  read_backlog(fields, status);
  for (const auto& part : fields.elements_or_none("alarms")) {
    const auto alarm = part.string();
    if (!alarm) fields.fail("an alarm is not a text");
    status.alarms.push_back(alarm.value_or(std::string()));
  }
  read_entries(fields, "buses", read_bus, status.buses);
  read_entries(fields, "meters", read_meter, status.meters);
  status.alarms_left_out = fields.count_or_zero("alarms_left_out");
  status.buses_left_out = fields.count_or_zero("buses_left_out");
  status.meters_left_out = fields.count_or_zero("meters_left_out");
  if (!fields.good()) return Error{fields.error()};
  return status;
}

}  // namespace congto::contract
