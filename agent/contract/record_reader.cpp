// Which fields each kind of record must have. Unknown fields and unknown events pass: contract.md, Names.
#include "agent/contract/record_reader.hpp"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "agent/contract/field_reader.hpp"
#include "agent/contract/json_text.hpp"
#include "agent/contract/meta_reader.hpp"

namespace congto::contract {

namespace {

constexpr std::array<std::string_view, 6> quality_words{"timeout", "crc",           "bad-reply",
                                                        "no-link", "not-available", "implausible"};
constexpr std::string_view exception_prefix = "exception-";

std::string cited(std::string_view text) { return "\"" + clipped(text, 60) + "\""; }

void read_values(FieldReader& fields, ParsedSample& sample) {
  const auto* const values = fields.need("values");
  if (values == nullptr) return;
  FieldReader object(*values, "values");  // finds names that stand twice
  if (!object.good()) fields.fail(object.error());
  for (const auto& [name, value] : object.members()) {
    if (const auto reason = wrong_name(name); !reason.empty()) {
      fields.fail("values: the name " + cited(name) + " " + reason);
      return;
    }
    const auto number = value.number();
    if (!number) {
      fields.fail("values: " + cited(name) + " is " + clipped(value.raw(), 60) +
                  ", not a number of at most 30 digits within a double's range");
      return;
    }
    sample.values.emplace_back(name, *number);
  }
}

// Names become keys of a database's index.
std::string read_name(FieldReader& fields, std::string_view field) {
  auto name = fields.text(field);
  if (const auto reason = wrong_name(name); !reason.empty()) {
    fields.fail("field \"" + std::string(field) + "\" " + reason);
  }
  return name;
}

void read_qualities(FieldReader& fields, ParsedSample& sample) {
  const auto* const q = fields.find("q");
  if (q == nullptr) return;
  FieldReader object(*q, "q");
  if (!object.good()) fields.fail(object.error());
  std::unordered_set<std::string_view> valued;
  for (const auto& [name, value] : sample.values) valued.insert(name);
  for (const auto& [name, value] : object.members()) {
    if (const auto reason = wrong_name(name); !reason.empty()) {
      fields.fail("q: the name " + cited(name) + " " + reason);
      return;
    }
    auto word = value.string().value_or(std::string());
    if (!known_quality_word(word)) {
      fields.fail("q: " + clipped(value.raw(), 60) + " at " + cited(name) +
                  " is not in the list of qualities");
      return;
    }
    if (name == "*" && !sample.values.empty())
      fields.fail("q: \"*\" says that the poll failed, yet there are values");
    if (name != "*" && valued.contains(name) != (word == "implausible")) {
      fields.fail("q: " + cited(name) + " is " + word +
                  (word == "implausible" ? ", which needs its value" : ", yet there is a value"));
    }
    sample.q.emplace_back(name, std::move(word));
  }
  const bool whole =
      std::any_of(sample.q.begin(), sample.q.end(), [](const auto& one) { return one.first == "*"; });
  if (whole && sample.q.size() > 1) fields.fail("q: \"*\" stands for all points and so must stand alone");
}

void read_clock(FieldReader& fields, bool& estimated, std::optional<std::int64_t>& error) {
  const auto clock = fields.text_or_empty("clock");
  if (!clock.empty() && clock != "estimated")
    fields.fail("field \"clock\" is " + cited(clock) + ", not \"estimated\"");
  estimated = clock == "estimated";
  error = fields.optional_count("clock_error");
  if (estimated && !error) fields.fail("an estimated clock needs \"clock_error\"");
}

ParsedSample read_sample(FieldReader& fields, bool layout_named) {
  ParsedSample sample;
  sample.ts = static_cast<std::int64_t>(fields.count("ts"));
  sample.slot = fields.optional_count("slot");
  sample.took = fields.optional_count("took");
  sample.meter = read_name(fields, "meter");
  read_values(fields, sample);
  read_qualities(fields, sample);
  read_clock(fields, sample.estimated, sample.clock_error);
  if (!layout_named) fields.fail("the batch names no \"meta\", so the sample cannot be read");
  return sample;
}

void check_start(FieldReader& fields) {
  if (!fields.stands("prev")) fields.fail("field \"prev\" is missing");
  if (!fields.stands("since")) fields.fail("field \"since\" is missing");
  if (const auto* const prev = fields.find("prev")) {
    FieldReader previous(*prev, "prev");
    previous.epoch("epoch");
    previous.count("last", 1);
    if (!previous.good()) fields.fail(previous.error());
  }
  fields.optional_count("since");
  fields.text("why");
  if (fields.good() && fields.count("seq") != 1) fields.fail("a start is seq 1 of its epoch");
}

void check_skipped(FieldReader& fields, bool layout_named) {
  read_name(fields, "meter");
  const auto from = fields.count("from");
  const auto to = fields.count("to");
  fields.count("count", 1);
  fields.text("why");
  bool estimated = false;
  std::optional<std::int64_t> error;
  read_clock(fields, estimated, error);
  if (from > to) fields.fail("\"from\" lies after \"to\"");
  if (!layout_named) fields.fail("the batch names no \"meta\", so its slots cannot be counted");
}

void check_void(FieldReader& fields) {
  const auto* const range = fields.need("void");
  if (range == nullptr) return;
  FieldReader gone(*range, "void");
  gone.epoch("epoch");
  const auto first = gone.count("first", 1);
  if (!gone.stands("last")) gone.fail("field \"last\" is missing");
  const auto last = gone.optional_count("last");
  if (last && static_cast<std::uint64_t>(*last) < first) gone.fail("\"last\" lies before \"first\"");
  if (!gone.good()) fields.fail(gone.error());
  fields.text("why");
}

void check_meta(FieldReader& fields) {
  const auto id = fields.text("id");
  const auto* const meta = fields.need("meta");
  if (meta == nullptr) return;
  const auto whole = parse_meta(meta->raw());
  if (!whole) return fields.fail(whole.error().message);
  if (whole->id != id) fields.fail("meta: its \"id\" is not that of the record");
}

void check_clock_event(FieldReader& fields) {
  fields.epoch("epoch");
  const auto* const range = fields.need("range");
  if (range != nullptr && !parse_range(*range)) {
    fields.fail("field \"range\" is not [first, last] with 1 <= first <= last <= 2^53 - 1");
  }
  fields.integer("shift");
}

void check_correction(FieldReader& fields, bool layout_named) {
  if (const auto* const record = fields.need("corrects")) {
    FieldReader corrected(*record, "corrects");
    corrected.epoch("epoch");
    corrected.count("seq", 1);
    if (!corrected.good()) fields.fail(corrected.error());
  }
  read_sample(fields, layout_named);
}

std::variant<ParsedSample, ParsedEvent> read_content(FieldReader& fields, const JsonView& json,
                                                     bool layout_named) {
  const std::string whole(json.raw());
  if (fields.has("void")) {
    check_void(fields);
    return ParsedEvent{"void", whole};
  }
  if (fields.has("corrects")) {
    check_correction(fields, layout_named);
    return ParsedEvent{"correction", whole};
  }
  if (!fields.has("event")) return read_sample(fields, layout_named);
  const auto event = fields.text("event");
  if (event == "start") check_start(fields);
  if (event == "skipped") check_skipped(fields, layout_named);
  if (event == "meta") check_meta(fields);
  if (event == "clock") check_clock_event(fields);
  if (event == "void" || event == "correction") fields.fail("event " + event + " is told by another field");
  return ParsedEvent{event, whole};
}

}  // namespace

bool known_quality_word(std::string_view word) {
  if (std::find(quality_words.begin(), quality_words.end(), word) != quality_words.end()) return true;
  if (!word.starts_with(exception_prefix)) return false;
  word.remove_prefix(exception_prefix.size());
  if (word.empty() || word.size() > 3 || word.front() == '0') return false;
  int code = 0;
  for (const char c : word) {
    if (c < '0' || c > '9') return false;
    code = code * 10 + (c - '0');
  }
  return code <= 255;
}

ReadRecord read_record(const JsonView& json, bool layout_named) {
  FieldReader fields(json, "record");
  ReadRecord read;
  if (fields.good() && (fields.has("seq") || !fields.has("void"))) {
    const auto seq = fields.count("seq", 1);
    if (fields.good()) read.record.seq = seq;
  }
  if (fields.good()) read.record.content = read_content(fields, json, layout_named);
  read.reason = fields.error();
  return read;
}

}  // namespace congto::contract
