// Batches of records (up/data, up/backfill): the writer that the agent fills, and the reader of the centre.
// Values are published through the layout they were read with, as the shortest decimals (contract.md, Records).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/contract/messages.hpp"
#include "drivers/core/decimal.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"
#include "drivers/meter/decode.hpp"
#include "drivers/meter/record.hpp"

namespace congto::contract {

struct BatchHeader {
  std::string agent;
  std::string site;
  EpochId epoch;
  WallTime sent;
  std::string meta;  // layout id of its samples; empty while it holds none
};

struct BatchLimits {
  std::size_t max_bytes = max_batch_bytes;
  std::size_t max_readings = max_batch_readings;
  std::size_t max_records = SIZE_MAX;
};

// Fill, then finish(); reusable after clear(). Not thread-safe.
class BatchWriter {
 public:
  BatchWriter(std::string agent, std::string site, BatchLimits limits);

  // False, and nothing changed, when the record does not belong in this batch: another epoch, a sample of
  // another layout, no room left. A first record always fits unless it is undated (never published).
  bool add(const meter::StoredRecord& record);
  // A void that answers a request: it has no seq (contract.md, Records).
  bool add_answer(const meter::Void& answer, EpochId batch_epoch);

  bool empty() const { return records_ == 0; }
  std::size_t records() const { return records_; }
  std::size_t readings() const { return readings_; }
  std::size_t bytes() const;
  const RangeSet& seqs() const { return seqs_; }
  const EpochId& epoch() const { return epoch_; }
  std::string finish(WallTime sent) const;
  void clear();

 private:
  std::string agent_, site_;
  BatchLimits limits_;
  EpochId epoch_;
  std::string meta_;
  std::string body_;
  RangeSet seqs_;
  std::size_t records_ = 0;
  std::size_t readings_ = 0;
  std::vector<meter::Reading> scratch_;
};

// up/meta: the retained copy of the last meta record.
std::string write_meta(std::string_view agent, std::string_view site, const meter::Meta& meta);

// --- the centre's view -------------------------------------------------------------------------------------

struct ParsedSample {
  std::int64_t ts = 0;  // Unix ms
  std::optional<std::int64_t> slot, took;
  std::string meter;
  std::vector<std::pair<std::string, Decimal>> values;
  std::vector<std::pair<std::string, std::string>> q;  // point (or "*") -> word
  bool estimated = false;
  std::optional<std::int64_t> clock_error;
};
struct ParsedEvent {
  std::string event;  // "start", "skipped", "void", "meta", "clock", "correction", or one not known here
  std::string json;   // the record as it came
};
struct ParsedRecord {
  std::optional<std::uint64_t> seq;
  std::variant<ParsedSample, ParsedEvent> content;
};
struct ParsedBatch {
  BatchHeader header;
  std::vector<ParsedRecord> records;
  // Records that break the schema: index, the reason, the raw text. They never stop the others.
  struct Refused {
    std::size_t index;
    std::optional<std::uint64_t> seq;
    std::string reason;
    std::string json;
  };
  std::vector<Refused> refused;
};
Result<ParsedBatch> parse_batch(std::string_view text);

}  // namespace congto::contract
