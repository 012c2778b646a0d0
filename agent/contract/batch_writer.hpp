// BatchWriter: fills one batch for up/data or up/backfill, record by record, within the limits of the
// contract. Used by the uplink's lanes; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "agent/contract/limits.hpp"
#include "agent/contract/record_text.hpp"
#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/core/range_set.hpp"
#include "drivers/meter/record.hpp"

namespace congto::contract {

struct BatchLimits {
  std::size_t max_bytes = max_batch_bytes;
  std::size_t max_readings = max_batch_readings;
  std::size_t max_records = SIZE_MAX;
};

// Fill, then finish(); reusable after clear().
class BatchWriter {
 public:
  BatchWriter(std::string agent, std::string site, BatchLimits limits);

  // False, and nothing changed, when the record does not belong in this batch: another epoch, a sample or
  // skipped record of another layout, a seq that is in it already, no room left. A first record always fits,
  // even alone above the limits, unless it is undated: samples and skipped records without dating are never
  // published. A sample that does not fit its layout (a damaged row) goes out as a void "corrupt" of itself.
  bool add(const meter::StoredRecord& record);
  // A void that answers a request: it has no seq (contract.md, Records). False as for add().
  bool add_answer(const meter::Void& answer, EpochId batch_epoch);

  bool empty() const { return records_ == 0; }
  std::size_t records() const { return records_; }
  // Values and qualities given; a poll that failed whole counts one.
  std::size_t readings() const { return readings_; }
  // Length of what finish() gives, for times between 2001 and 2286 (13 digits).
  std::size_t bytes() const;
  const RangeSet& seqs() const { return seqs_; }
  const EpochId& epoch() const { return epoch_; }
  std::string finish(WallTime sent) const;
  void clear();
  // For what CONNACK allows, and for halving after a refusal; applies to the records added from now on.
  void set_limits(BatchLimits limits) { limits_ = limits; }

 private:
  bool keep(std::size_t size_before, std::size_t readings);

  std::string head_;  // as far as the epoch
  BatchLimits limits_;
  EpochId epoch_;
  RecordText text_;
  meter::LayoutPtr layout_;  // of its samples; none while it holds none
  std::string body_;
  RangeSet seqs_;
  std::size_t records_ = 0;
  std::size_t readings_ = 0;
  std::string agent_, site_;
};

}  // namespace congto::contract
