// Eviction: which records leave the ring when they are too old or the file is too large.
// Used by the commit; journal's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/journal/epochs.hpp"
#include "agent/journal/records.hpp"

namespace congto::journal {

struct RingLimits {
  std::chrono::hours max_age;
  std::uint64_t max_bytes;
};

// What the ring may take of its disk: what is wanted, but less where that would fill the disk: then neither
// new records nor their eviction could be written any more. `file` is its size, `room` what there is for file
// and log: taken by them or free. A disk that others fill makes it shrink by a thirty-second at most.
std::uint64_t ring_bytes(std::uint64_t wanted, std::uint64_t file, std::uint64_t room);

// The present, to measure ages against.
struct RingState {
  std::uint64_t used_bytes = 0;  // pages of the file that hold something
  std::uint64_t incoming = 0;    // records of this commit
  std::string boot_id;
  BootTime now;
  std::optional<meter::Dating> dating;  // of this boot
};

struct Victims {
  std::int64_t epoch_no = 0;
  RangeSet records;
  RangeSet unsettled;  // of `records`: these need a void
  std::string why;     // "evicted" (size) or "aged-out"
};

// Records leave in slices, one a commit, and only when the whole slice is due: so one void speaks for many
// records. A slice is at least as large as what comes in, or the ring would grow without end; beyond that at
// most max_slice, so that one transaction stays short.
class Eviction {
 public:
  static constexpr std::uint64_t max_slice = 2000;

  explicit Eviction(RingLimits limits) : limits_(limits) {}
  void limit(std::uint64_t max_bytes) { limits_.max_bytes = max_bytes; }
  void raise_limit(std::uint64_t max_bytes) { limits_.max_bytes = std::max(limits_.max_bytes, max_bytes); }
  // Nothing while the ring is within its limits. By age: the oldest records. By size: the oldest settled
  // ones, and where they are too few for a slice, the oldest samples and skips as well. Unsettled starts,
  // voids and metas stay always.
  std::vector<Victims> choose(const Epochs& epochs, RecordTable& records, const RingState& state);

  struct Rows {
    std::int64_t epoch_no;
    Range seqs;
  };
  // A page among them that is corrupt or cannot be read ends the transaction. The next erase then leaves its
  // rows where they are: the journal is worth more than their bytes.
  void erase(RecordTable& records, const std::vector<Rows>& rows);
  bool leaves_rows() const { return leaves_rows_; }

 private:
  struct Candidate {
    std::int64_t epoch_no;
    std::uint64_t seq;
  };
  std::uint64_t kept_count() const;
  std::vector<Victims> choose_slice(const Epochs& epochs, RecordTable& records, const RingState& state);
  std::vector<Candidate> candidates(const Epochs& epochs, std::uint64_t count, bool only_settled) const;
  bool too_old(const Epochs& epochs, RecordTable& records, const RingState& state,
               const std::vector<Candidate>& candidates, std::uint64_t slice) const;
  std::vector<Victims> take(const Epochs& epochs, RecordTable& records, std::vector<Candidate> candidates,
                            std::string why);

  RingLimits limits_;
  // Unsettled events met so far, by epoch: passed over until they are settled.
  std::map<std::int64_t, RangeSet> kept_;
  bool leaves_rows_ = false;
};

}  // namespace congto::journal
