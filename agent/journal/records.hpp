// RecordTable: the rows of the table `record`: insert, erase, read, with the damaged ones told apart.
// Used by the commit, by reading, by eviction and by the export; journal's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "agent/journal/database.hpp"
#include "agent/journal/layouts.hpp"
#include "drivers/core/range_set.hpp"
#include "drivers/meter/record.hpp"

namespace congto::journal {

class RecordTable {
 public:
  RecordTable(Database& database, LayoutTable& layouts);

  void insert(std::int64_t key, const meter::Record& record);
  void erase(std::int64_t epoch_no, Range seqs);
  // The row's record; nothing when the row is missing or damaged. Outside of transactions also when its page
  // cannot be read.
  std::optional<meter::Record> find(std::int64_t key);

  // Rows of seqs in order. `visit` gets nothing for a seq whose row is missing or damaged; false ends it. Of
  // rows whose page cannot be read it hears nothing; after the others DatabaseError is thrown.
  using Visit = std::function<bool(std::uint64_t seq, std::optional<meter::Record>)>;
  void read(std::int64_t epoch_no, Range seqs, const Visit& visit);
  // The newest rows of an epoch, newest first, damaged ones left out; false ends it.
  void newest(std::int64_t epoch_no, std::size_t at_most,
              const std::function<bool(std::uint64_t, const meter::Record&)>& visit);

 private:
  std::optional<meter::Record> record(std::span<const std::uint8_t> blob, std::int64_t key);
  std::optional<meter::Record> row(std::int64_t key);
  void read_one_by_one(std::int64_t epoch_no, Range seqs, const Visit& visit);

  Database& database_;
  LayoutTable& layouts_;
  Statement insert_;
  Statement find_;
  Statement range_;
  std::vector<std::uint8_t> blob_;
};

}  // namespace congto::journal
