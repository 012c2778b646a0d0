// The envelope of a batch and its limits; each record is checked by record_reader.
#include "agent/contract/batch_reader.hpp"

#include <algorithm>
#include <string>
#include <unordered_set>

#include "agent/contract/field_reader.hpp"
#include "agent/contract/limits.hpp"
#include "agent/contract/record_reader.hpp"
#include "agent/contract/topic.hpp"

namespace congto::contract {

namespace {

BatchHeader read_header(FieldReader& fields) {
  fields.check_version();
  BatchHeader header;
  header.agent = fields.text("agent");
  if (fields.good() && !valid_agent_name(header.agent)) {
    fields.fail("field \"agent\" is not 3 to 64 of a-z, 0-9 and -");
  }
  header.site = fields.text("site");
  header.epoch = fields.epoch("epoch");
  header.sent = fields.time("sent");
  header.meta = fields.text_or_empty("meta");
  if (!header.meta.empty()) {
    if (const auto reason = wrong_name(header.meta); !reason.empty()) {
      fields.fail("field \"meta\" " + reason);
    }
  }
  return header;
}

std::size_t readings_in(const ParsedRecord& record) {
  const auto* const sample = std::get_if<ParsedSample>(&record.content);
  return sample == nullptr ? 0 : std::max(sample->values.size(), sample->q.size());
}

}  // namespace

Result<ParsedBatch> parse_batch(std::string_view text) {
  if (text.size() > max_expanded_bytes) {
    return Error{"batch: " + std::to_string(text.size()) + " bytes; at most 1 MiB is allowed"};
  }
  const auto json = JsonView::check(text);
  if (!json) return Error{"batch: " + json.error().message};
  FieldReader fields(*json, "batch");
  ParsedBatch batch;
  batch.header = read_header(fields);
  // A record has a reading, or more text than one: no batch within the limits has more.
  const auto records = fields.elements("records", max_batch_readings, "records");
  if (!fields.good()) return Error{fields.error()};

  std::unordered_set<std::uint64_t> seen;
  std::size_t readings = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    auto read = read_record(records[i], !batch.header.meta.empty());
    if (read.reason.empty() && read.record.seq && !seen.insert(*read.record.seq).second) {
      read.reason = "seq " + std::to_string(*read.record.seq) + " stands twice in this batch";
    }
    if (!read.reason.empty()) {
      batch.refused.push_back({i, read.record.seq, std::move(read.reason), std::string(records[i].raw())});
      continue;
    }
    read.record.json = records[i].raw();
    readings += readings_in(read.record);
    if (readings > max_batch_readings) return Error{"batch: more than 20000 readings"};
    batch.records.push_back(std::move(read.record));
  }
  return batch;
}

}  // namespace congto::contract
