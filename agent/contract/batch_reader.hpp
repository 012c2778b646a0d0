// The centre's view of a batch: parsed and checked record by record, numbers kept exactly as they were sent.
// Pure. What needs the clock or the ledger (future times, conflicts, settled ranges) is the centre's own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/decimal.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/error.hpp"

namespace congto::contract {

struct BatchHeader {
  std::string agent;
  std::string site;
  EpochId epoch;
  WallTime sent;
  std::string meta;  // layout id of its samples; empty while it holds none
};

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
  std::string json;   // the record as it came; the fields of the kinds named above are checked
};

struct ParsedRecord {
  std::optional<std::uint64_t> seq;
  std::variant<ParsedSample, ParsedEvent> content;
  std::string_view json;  // as it came; lies in the text that was parsed
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

// Fails when nothing in it can be trusted: not JSON, another version, a damaged envelope, over the limits.
Result<ParsedBatch> parse_batch(std::string_view text);

}  // namespace congto::contract
