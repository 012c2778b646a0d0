// Rows of the table `record`. A page that SQLite finds corrupt costs the rows on it, not the ones after it.
#include "agent/journal/records.hpp"

#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

// So many rows one after the other that cannot be read: it is not one page, the disk is gone.
constexpr std::uint64_t whole_medium = 10'000;

// A reading statement that is always reset, also when the visitor throws.
class Reset {
 public:
  explicit Reset(Statement& statement) : statement_(statement) {}
  ~Reset() { statement_.reset(); }
  Reset(const Reset&) = delete;
  Reset& operator=(const Reset&) = delete;

 private:
  Statement& statement_;
};

}  // namespace

RecordTable::RecordTable(Database& database, LayoutTable& layouts)
    : database_(database),
      layouts_(layouts),
      insert_(database, "INSERT INTO record(key, body) VALUES(?, ?)"),
      find_(database, "SELECT body FROM record WHERE key = ?"),
      range_(database, "SELECT key, body FROM record WHERE key BETWEEN ? AND ? ORDER BY key") {}

void RecordTable::insert(std::int64_t key, const meter::Record& record) {
  const auto layout = layout_of(record);
  encode(record, layout ? layouts_.number(layout) : 0, key, blob_);
  insert_.bind(1, key).bind(2, std::span<const std::uint8_t>(blob_)).run();
}

void RecordTable::erase(std::int64_t epoch_no, Range seqs) {
  Statement rows(database_, "DELETE FROM record WHERE key BETWEEN ? AND ?");
  rows.bind(1, record_key(epoch_no, seqs.first)).bind(2, record_key(epoch_no, seqs.last)).run();
}

std::optional<meter::Record> RecordTable::record(std::span<const std::uint8_t> blob, std::int64_t key) {
  return decode(blob, key, [this](std::uint64_t no) { return layouts_.find(no); });
}

std::optional<meter::Record> RecordTable::row(std::int64_t key) {
  const Reset reset(find_);
  try {
    if (!find_.bind(1, key).step()) return std::nullopt;
    return record(find_.blob(0), key);
  } catch (const DatabaseError& error) {
    if (!error.damaged()) throw;
    return std::nullopt;
  }
}

std::optional<meter::Record> RecordTable::find(std::int64_t key) {
  try {
    return row(key);
  } catch (const DatabaseError& error) {
    if (!error.unreadable()) throw;
    return std::nullopt;
  }
}

void RecordTable::read_one_by_one(std::int64_t epoch_no, Range seqs, const Visit& visit) {
  std::optional<DatabaseError> unreadable;
  std::uint64_t in_a_row = 0;
  for (auto seq = seqs.first; seq <= seqs.last; ++seq) {
    std::optional<meter::Record> found;
    try {
      found = row(record_key(epoch_no, seq));
    } catch (const DatabaseError& error) {
      if (!error.unreadable()) throw;
      unreadable = error;
      if (++in_a_row == whole_medium) break;
      continue;
    }
    in_a_row = 0;
    if (!visit(seq, std::move(found))) return;
  }
  if (unreadable) throw DatabaseError(*unreadable);
}

void RecordTable::read(std::int64_t epoch_no, Range seqs, const Visit& visit) {
  const Reset reset(range_);
  auto next = seqs.first;
  try {
    range_.bind(1, record_key(epoch_no, seqs.first)).bind(2, record_key(epoch_no, seqs.last));
    while (range_.step()) {
      const auto key = range_.integer(0);
      for (; next < seq_of(key); ++next) {
        if (!visit(next, std::nullopt)) return;
      }
      auto found = record(range_.blob(1), key);  // may throw: of its layout
      ++next;
      if (!visit(seq_of(key), std::move(found))) return;
    }
  } catch (const DatabaseError& error) {
    if (!error.damaged() && !error.unreadable()) throw;
    read_one_by_one(epoch_no, {next, seqs.last}, visit);
    return;
  }
  for (; next <= seqs.last; ++next) {
    if (!visit(next, std::nullopt)) return;
  }
}

void RecordTable::newest(std::int64_t epoch_no, std::size_t at_most,
                         const std::function<bool(std::uint64_t, const meter::Record&)>& visit) {
  Statement rows(database_,
                 "SELECT key, body FROM record WHERE key > ? AND key < ? ORDER BY key DESC LIMIT ?");
  rows.bind(1, record_key(epoch_no, 0)).bind(2, record_key(epoch_no + 1, 0)).bind(3, std::uint64_t{at_most});
  try {
    while (rows.step()) {
      const auto found = record(rows.blob(1), rows.integer(0));
      if (found && !visit(seq_of(rows.integer(0)), *found)) return;
    }
  } catch (const DatabaseError& error) {
    // One bad page must not cost the whole journal: what lies behind it is not seen.
    if (!error.damaged()) throw;
  }
}

}  // namespace congto::journal
