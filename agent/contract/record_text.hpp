// RecordText: one record of the journal as the JSON of contract.md; the hot path of live data and backfill.
// Used by BatchWriter; keeps the names of the last layout ready as JSON. Not thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/meter/decode.hpp"
#include "drivers/meter/record.hpp"

namespace congto::contract {

class RecordText {
 public:
  // Each appends one record to `out`. The sample's must fit() its layout; gives the readings written.
  std::size_t append_sample(std::string& out, std::uint64_t seq, const meter::Sample& sample,
                            const meter::Dating& dating);
  static void append_skipped(std::string& out, std::uint64_t seq, const meter::Skipped& skipped,
                             const meter::Dating& dating);
  static void append_start(std::string& out, std::uint64_t seq, const meter::Start& start);
  // Without `seq` (0) it is the answer to a request.
  static void append_void(std::string& out, std::uint64_t seq, const meter::Void& gone);
  static void append_meta(std::string& out, std::uint64_t seq, const std::string& id,
                          const std::string& meta);

  // Meter, words and qualities are those of the layout; false for a row that was damaged.
  static bool fits(const meter::Sample& sample);
  static bool fits(const meter::Skipped& skipped);

 private:
  struct MeterNames {
    std::string head;                 // ,"meter":"compressor-1","values":{
    std::vector<std::string> points;  // "active_power":
  };
  void prepare(const meter::LayoutPtr& layout);
  // Values into `out`, the rest into q_; gives the readings written.
  std::size_t append_readings(std::string& out, const MeterNames& names);

  meter::LayoutPtr layout_;
  std::vector<MeterNames> names_;
  std::string q_;
  std::vector<meter::Reading> readings_;
};

// The wall-clock time (Unix ms) of a slot: rounded to the nearest multiple of `every` where the clock was
// known and the multiple lies within 50 ms (slots are armed by one offset and dated by another); else as it
// is.
std::int64_t slot_ms(BootTime slot, std::chrono::milliseconds every, const meter::Dating& dating);

}  // namespace congto::contract
