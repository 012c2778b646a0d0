// BatchTransaction: stores records of any number of batches in one transaction: the ledger decides what is
// new, what is there already is compared, the rest is parked. Used by the store, once each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/central/database.hpp"
#include "agent/central/intake.hpp"
#include "agent/central/ledger.hpp"
#include "agent/central/outcome.hpp"
#include "agent/central/parking.hpp"
#include "agent/central/registry.hpp"

namespace congto::central {

// Records [first, last) of a batch; with_refused: and what the reader refused of it.
struct Portion {
  const Taken* taken = nullptr;
  std::size_t first = 0, last = 0;
  bool with_refused = true;
  std::size_t size() const { return last - first; }
  const Batch& batch() const { return *std::get<std::unique_ptr<Batch>>(taken->content); }
};

class BatchTransaction {
 public:
  // compare_all: looks for every record whether it is there, not only for those that the ledger calls
  // settled.
  BatchTransaction(Database& database, const std::vector<Portion>& portions, bool compare_all)
      : database_(database),
        portions_(portions),
        compare_all_(compare_all),
        ledger_(database),
        registry_(database) {}

  // Commits. Throws DatabaseError, and then nothing was stored.
  Outcome run();
  // Instead: parks the one record that the portions hold, which the database refused for this reason.
  Outcome park_only(const std::string& reason);

 private:
  struct Entry {
    const Portion* portion;
    const contract::ParsedRecord* record;
    EpochKey key;
    std::int64_t hash = 0;
    std::uint64_t seq() const { return *record->seq; }
    const std::string& layout() const { return portion->batch().parsed.header.meta; }
  };
  using Hashes = std::unordered_map<std::uint64_t, std::int64_t>;  // by seq
  struct Span {
    std::int64_t first, last;
  };

  bool admit();
  void lock_ledger();
  void sort();
  std::map<EpochKey, Hashes> stored_hashes();
  void compare();
  void tell_conflicts();
  void tell_conflict(const Entry& entry);
  void load_names();
  void refuse(const Entry& entry, const std::string& reason);
  void refuse_unread();
  void settle_parked();

  void store_layouts();
  void store_samples();
  bool append_sample(std::string& rows, const Entry& entry);
  void store_events();
  void store_skipped();
  void store_start(const Entry& entry);
  void store_void(const Entry& entry);
  void store_correction(const Entry& entry);
  void store_shift(const Entry& entry);
  void store_spans();
  void widen(const EpochKey& key, std::int64_t layout_id, std::int64_t first, std::int64_t last);
  void finish();

  const EnrolledAgent& agent_of(const Portion& portion) const { return agents_.at(portion.taken->agent); }
  EpochKey key_of(const Portion& portion) const {
    return {agent_of(portion).id, portion.batch().parsed.header.epoch};
  }

  Database& database_;
  const std::vector<Portion>& portions_;
  bool compare_all_;
  std::map<std::string, EnrolledAgent> agents_;
  std::vector<const Portion*> admitted_;
  Ledger ledger_;
  Registry registry_;
  std::vector<Entry> fresh_, known_, conflicts_, answers_;   // answers: voids without a seq
  std::map<std::pair<EpochKey, std::int64_t>, Span> spans_;  // by epoch and layout
  std::map<EpochKey, std::string> told_;                     // whose settled ranges the agent is told
  std::vector<DeadLetter> letters_;
  Outcome outcome_;
};

}  // namespace congto::central
