// Epochs on disk: the tables epoch, settled, gone and dating.
#include <algorithm>
#include <array>
#include <iterator>
#include <tuple>

#include "agent/journal/epochs.hpp"
#include "agent/journal/record_codec.hpp"

namespace congto::journal {

namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

EpochId epoch_id(std::span<const std::uint8_t> blob) {
  std::array<std::uint8_t, 16> bytes{};
  std::copy_n(blob.begin(), std::min(blob.size(), bytes.size()), bytes.begin());
  return EpochId(bytes);
}

void load_ranges(Database& database, std::string_view sql, Epochs& epochs, RangeSet Epoch::*ranges) {
  Statement rows(database, sql);
  while (rows.step()) {
    const auto at = epochs.find(rows.integer(0));
    if (at != epochs.end()) (at->second.*ranges).add(Range{rows.count(1), rows.count(2)});
  }
}

void load_datings(Database& database, Epochs& epochs) {
  Statement rows(database,
                 "SELECT epoch_no, first_seq, offset_us, estimated, error_ms FROM dating ORDER BY 1, 2");
  while (rows.step()) {
    const auto at = epochs.find(rows.integer(0));
    if (at == epochs.end()) continue;
    const meter::Dating dating{microseconds(rows.integer(2)), rows.integer(3) != 0,
                               milliseconds(rows.integer(4))};
    at->second.datings.push_back({rows.count(1), dating});
  }
}

// The column says what was committed before rows left the ring; the newest row may be beyond it.
std::uint64_t highest_seq(Statement& newest, std::int64_t no, std::uint64_t column) {
  newest.bind(1, record_key(no, 0)).bind(2, record_key(no + 1, 0));
  const std::uint64_t found = newest.step() && newest.integer(0) != 0 ? seq_of(newest.integer(0)) : 0;
  newest.reset();
  return std::max(column, found);
}

// What `some` has and `others` has not; both sorted.
std::vector<Range> difference(const std::vector<Range>& some, const std::vector<Range>& others) {
  std::vector<Range> rest;
  std::set_difference(
      some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(rest),
      [](const Range& a, const Range& b) { return std::tie(a.first, a.last) < std::tie(b.first, b.last); });
  return rest;
}

// from < key < to
void erase_records(Database& database, std::int64_t from, std::int64_t to) {
  Statement(database, "DELETE FROM record WHERE key > ? AND key < ?").bind(1, from).bind(2, to).run();
}

void erase_epoch(Database& database, std::int64_t no) {
  for (const char* sql : {"DELETE FROM settled WHERE epoch_no = ?", "DELETE FROM gone WHERE epoch_no = ?",
                          "DELETE FROM dating WHERE epoch_no = ?", "DELETE FROM epoch WHERE no = ?"}) {
    Statement(database, sql).bind(1, no).run();
  }
}

struct RangeTable {
  Statement insert;
  Statement erase;

  // Only the ranges that differ: an acknowledgement mostly lengthens one.
  void write(std::int64_t no, const RangeSet& before, const RangeSet& after) {
    if (before == after) return;
    const auto old_ranges = before.ranges();
    const auto new_ranges = after.ranges();
    for (const auto& range : difference(old_ranges, new_ranges)) erase.bind(1, no).bind(2, range.first).run();
    for (const auto& range : difference(new_ranges, old_ranges)) {
      insert.bind(1, no).bind(2, range.first).bind(3, range.last).run();
    }
  }
};

class Writer {
 public:
  explicit Writer(Database& database)
      : database_(database),
        settled_{{database, "INSERT INTO settled(epoch_no, first, last) VALUES(?, ?, ?)"},
                 {database, "DELETE FROM settled WHERE epoch_no = ? AND first = ?"}},
        gone_{{database, "INSERT INTO gone(epoch_no, first, last) VALUES(?, ?, ?)"},
              {database, "DELETE FROM gone WHERE epoch_no = ? AND first = ?"}} {}

  void write(std::int64_t no, const Epoch& before, const Epoch& after, bool was_newest, bool newest) {
    const bool fresh = before.id != after.id;
    // The newest epoch's last is its newest row: writing it each time would touch one more page a commit. It
    // is written when another one begins, for then its rows may go.
    const bool row_differs =
        before.stopped != after.stopped || (!newest && (was_newest || before.last != after.last));
    if (fresh || row_differs) write_row(no, after);
    settled_.write(no, before.settled, after.settled);
    gone_.write(no, before.gone, after.gone);
    if (before.datings != after.datings) write_datings(no, before, after);
  }

 private:
  void write_row(std::int64_t no, const Epoch& epoch) {
    Statement row(
        database_,
        "INSERT OR REPLACE INTO epoch(no, id, boot_id, started_boot_us, started_wall_us, last, stopped) "
        "VALUES(?, ?, ?, ?, ?, ?, ?)");
    row.bind(1, no)
        .bind(2, std::span<const std::uint8_t>(epoch.id.bytes()))
        .bind(3, std::string_view(epoch.boot_id));
    row.bind(4, std::int64_t{epoch.started.time_since_epoch().count()});
    row.bind(5, std::int64_t{epoch.shown.time_since_epoch().count()});
    row.bind(6, epoch.last).bind(7, std::int64_t{epoch.stopped}).run();
  }

  void write_datings(std::int64_t no, const Epoch& before, const Epoch& after) {
    Statement erase(database_, "DELETE FROM dating WHERE epoch_no = ? AND first_seq = ?");
    for (const auto& row : before.datings) {
      if (std::find(after.datings.begin(), after.datings.end(), row) != after.datings.end()) continue;
      erase.bind(1, no).bind(2, row.first_seq).run();
    }
    Statement insert(
        database_,
        "INSERT INTO dating(epoch_no, first_seq, offset_us, estimated, error_ms) VALUES(?, ?, ?, ?, ?)");
    for (const auto& row : after.datings) {
      if (std::find(before.datings.begin(), before.datings.end(), row) != before.datings.end()) continue;
      insert.bind(1, no).bind(2, row.first_seq).bind(3, std::int64_t{row.dating.offset.count()});
      insert.bind(4, std::int64_t{row.dating.estimated})
          .bind(5, std::int64_t{row.dating.error.count()})
          .run();
    }
  }

  Database& database_;
  RangeTable settled_;
  RangeTable gone_;
};

}  // namespace

Epochs load_epochs(Database& database) {
  Epochs epochs;
  Statement rows(
      database,
      "SELECT no, id, boot_id, started_boot_us, started_wall_us, last, stopped FROM epoch ORDER BY no");
  Statement newest(database, "SELECT max(key) FROM record WHERE key > ? AND key < ?");
  while (rows.step()) {
    Epoch epoch;
    const auto no = rows.integer(0);
    epoch.id = epoch_id(rows.blob(1));
    epoch.boot_id = rows.text(2);
    epoch.started = BootTime(microseconds(rows.integer(3)));
    epoch.shown = WallTime(microseconds(rows.integer(4)));
    epoch.last = highest_seq(newest, no, rows.count(5));
    epoch.stopped = rows.integer(6) != 0;
    epochs.emplace(no, std::move(epoch));
  }
  load_ranges(database, "SELECT epoch_no, first, last FROM settled", epochs, &Epoch::settled);
  load_ranges(database, "SELECT epoch_no, first, last FROM gone", epochs, &Epoch::gone);
  load_datings(database, epochs);
  return epochs;
}

Epochs erase_unconfirmed(Database& database, Epochs found, const Epochs& confirmed) {
  for (auto at = found.begin(); at != found.end();) {
    auto& [no, epoch] = *at;
    const auto known = confirmed.find(no);
    if (known == confirmed.end() || known->second.id != epoch.id) {
      erase_epoch(database, no);
      erase_records(database, record_key(no, 0), record_key(no + 1, 0));
      at = found.erase(at);
      continue;
    }
    if (epoch.last > known->second.last) {
      erase_records(database, record_key(no, known->second.last), record_key(no + 1, 0));
      epoch.last = known->second.last;
    }
    ++at;
  }
  return found;
}

void write_changes(Database& database, const Epochs& before, const Epochs& after) {
  Writer writer(database);
  for (const auto& [no, epoch] : before) {
    if (!after.contains(no)) erase_epoch(database, no);
  }
  const Epoch none;
  const auto newest_of = [](const Epochs& epochs) { return epochs.empty() ? 0 : epochs.rbegin()->first; };
  for (const auto& [no, epoch] : after) {
    const auto old = before.find(no);
    writer.write(no, old == before.end() ? none : old->second, epoch, no == newest_of(before),
                 no == newest_of(after));
  }
}

}  // namespace congto::journal
