// Intake: what came from the broker, unpacked, parsed and checked as far as that needs no database. Pure; the
// time is handed in.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/contract/batch_reader.hpp"
#include "agent/contract/meta_reader.hpp"
#include "agent/contract/status.hpp"
#include "agent/contract/topic.hpp"
#include "drivers/core/clock.hpp"

namespace congto::central {

struct Arrival {
  std::string topic, payload;
  std::string content_encoding;
};

// A batch beside the text that its records lie in; not to be copied, for they point into it.
struct Batch {
  Batch() = default;
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  std::string text;
  contract::ParsedBatch parsed;
  std::vector<std::int64_t> hashes;  // of the records' content
};

// A payload that is parked as a whole, and not acknowledged.
struct Unusable {
  std::string reason;
};

struct Meta {
  contract::ParsedMeta parsed;
  std::string text;
};

struct StatusReport {
  contract::Status parsed;
  std::string text;
};

// An empty retained message: the topic was deleted.
struct Deleted {};

struct Taken {
  Arrival arrival;    // what is parked is parked as it came
  std::string agent;  // by the topic; empty where that is none of the contract's
  contract::Topic what = contract::Topic::data;
  std::variant<std::unique_ptr<Batch>, StatusReport, Meta, bool, Deleted, Unusable> content;
};

// Never fails: what can't be taken is Unusable, and single records of a batch are among its `refused`.
Taken take_in(Arrival arrival, WallTime now);

// A time (Unix ms) that a box may mean, even one whose clock is wrong: not by a century.
bool can_be(std::int64_t ms);

// Why the centre refuses a record that the schema allows: times that can't be, characters that can't be
// stored. Empty when it is good.
std::string wrong_for_centre(const contract::ParsedRecord& record, WallTime now);

}  // namespace congto::central
