// Pages of the journal that are corrupt or that the disk does not give: no more is lost than lies on them.
#include <fstream>
#include <optional>

#include "agent/journal/database.hpp"
#include "agent/journal/journal_file.hpp"
#include "agent/journal/record_codec.hpp"
#include "tests/support/full_disk.hpp"
#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

namespace fs = std::filesystem;

std::vector<meter::Record> narrow(const meter::LayoutPtr& layout, const ManualClock& clock, int count) {
  std::vector<meter::Record> records;
  for (int i = 0; i < count; ++i) records.push_back(sample(layout, 0, clock.boot() + i * 10s));
  return records;
}

meter::LayoutPtr wide_layout() {
  return std::make_shared<const meter::Layout>(std::vector{plant_meter("m", 80, meter::Type::u16)});
}

// Commits of 5000 records each, so large that they are soon copied out of the WAL. Gives the last record.
RecordId commit_much(OpenJournal& journal, const ManualClock& clock, int commits) {
  const auto layout = wide_layout();
  std::vector<meter::Record> many;
  for (int i = 0; i < 5000; ++i) {
    auto made = sample(layout, 0, clock.boot() + i * 1s);
    for (std::size_t w = 0; w < made.words.size(); ++w)
      made.words[w] = static_cast<std::uint16_t>(w * 25'000);
    many.push_back(std::move(made));
  }
  RecordId last;
  for (int i = 0; i < commits; ++i) last = journal.commit(many).back().id;
  return last;
}

void overwrite_page(const fs::path& file, int page) {
  std::fstream raw(file, std::ios::binary | std::ios::in | std::ios::out);
  raw.seekp(2048 * page);
  raw << std::string(2048, '\xff');
}

// Of a journal that nobody has open, when all of it has been copied out of the WAL.
void overwrite_page_near_the_end(const fs::path& file) {
  journal::Database database(file, journal::Database::Mode::read_write);
  database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  overwrite_page(file, static_cast<int>(database.number("PRAGMA page_count") * 3 / 4));
}

// Larger than what is checked at start, with one leaf overwritten that lies in its middle.
RecordId large_journal_with_a_bad_page(const fs::path& file, const ManualClock& clock) {
  RecordId last;
  {
    OpenJournal journal(file, clock);
    last = commit_much(journal, clock, 20);
    REQUIRE(journal->status().file_bytes > 18'000'000);
  }
  overwrite_page(file, 4000);
  return last;
}

}  // namespace

TEST_CASE("a bad page in a large journal costs the records on it and no others") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  const auto layout = wide_layout();
  const auto [epoch, last] = large_journal_with_a_bad_page(file, clock);
  OpenJournal journal(file, clock);
  REQUIRE(journal->status().set_aside.empty());
  std::size_t found = 0;
  for (std::uint64_t from = 1; from <= last; from += 10'000)
    found += journal.read(epoch, {{from, from + 9999}}).size();
  CHECK(found < last);
  CHECK(found > last - 20);
  std::uint64_t voided = 0;
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  for (const auto& record : told.commits[0].records) {
    if (const auto* gone = std::get_if<meter::Void>(&record.record)) voided += *gone->last - gone->first + 1;
  }
  CHECK(found + voided == last);
  CHECK(journal.commit(narrow(layout, clock, 1)).size() == 1);
}

TEST_CASE("a bad page among the rows that leave the ring does not cost the journal") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto file = directory / "journal.db";
  const auto [epoch, last] = large_journal_with_a_bad_page(file, clock);
  clock.advance(50h);
  OpenJournal journal(file, clock, "boot-1",
                      [](journal::Settings& settings) { settings.max_age = std::chrono::hours(24); });
  journal->settle(epoch, {{1, last}});
  RangeSet gone;
  for (int round = 0; round < 500 && !gone.contains(Range{1, last}); ++round) {
    clock.advance(1h);  // the last slice ends with these
    journal->append(sample(wide_layout(), 0, clock.boot()));
    for (const auto& commit : journal.commit().commits) {
      for (const auto& evicted : commit.evicted) {
        if (evicted.epoch == epoch) gone.add(evicted.range);
      }
    }
  }
  CHECK(gone == RangeSet{{1, last}});
  CHECK(journal->status().durable);
  CHECK(journal->status().set_aside.empty());
  journal.close();
  // The epoch went as well, though rows of it may be left.
  OpenJournal reopened(file, clock);
  for (const auto& known : reopened->epochs()) CHECK(known.id != epoch);
}

TEST_CASE("a small journal with a bad page is set aside, and what can still be read goes on under its name") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  RecordId last;
  {
    OpenJournal journal(file, clock);
    journal->date({5s, false, 1ms});
    last = journal.commit(narrow(plant_layout(), clock, 2000)).back().id;
    journal->settle(last.epoch, {{1, 500}});
  }
  overwrite_page_near_the_end(file);
  OpenJournal journal(file, clock);
  CHECK(journal->status().set_aside == file.string() + ".damaged-1");
  REQUIRE(journal->epochs().size() == 1);
  CHECK(journal->epochs()[0].held == RangeSet{{1, last.seq}});
  CHECK(journal->epochs()[0].settled == RangeSet{{1, 500}});
  const auto read = journal.read(last.epoch);
  CHECK(read.size() < last.seq);
  CHECK(read.size() > last.seq - 150);
  CHECK(read[0].dating->offset == 5s);
  for (std::size_t i = 1; i < read.size(); ++i)
    REQUIRE(std::get<meter::Sample>(read[i].record).slot ==
            clock.boot() + static_cast<std::int64_t>(read[i].id.seq - 2) * 10s);
  const auto records = journal.commit().commits.at(0).records;
  const auto& start = std::get<meter::Start>(records[0].record);
  CHECK(start.why == "stop");
  CHECK(start.prev->epoch == last.epoch);
  CHECK(start.prev->last == last.seq);
  REQUIRE(records.size() == 2);
  const auto& gone = std::get<meter::Void>(records[1].record);
  CHECK(gone.why == "corrupt");
  CHECK(*gone.last - gone.first + 1 == last.seq - read.size());
}

TEST_CASE("where a damaged journal cannot be copied, what is lost with it has a name") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  RecordId last;
  {
    OpenJournal journal(file, clock);
    last = journal.commit(narrow(plant_layout(), clock, 2000)).back().id;
    journal->settle(last.epoch, {{1, 1500}});
  }
  overwrite_page_near_the_end(file);
  std::optional<OpenJournal> journal;
  {
    const FullDisk full(0);
    journal.emplace(file, clock);
    REQUIRE(*journal);
  }
  const auto records = journal->commit(narrow(plant_layout(), clock, 1));
  const auto& start = std::get<meter::Start>(records[0].record);
  CHECK(start.why == "journal-lost");
  REQUIRE(start.prev);
  CHECK(start.prev->epoch == last.epoch);
  CHECK(start.prev->last == last.seq);
  const auto& gone = std::get<meter::Void>(records.back().record);
  CHECK(gone.epoch == last.epoch);
  CHECK(gone.first == 1501);
  CHECK(gone.last == last.seq);
}

TEST_CASE("a damaged journal that claims more records than it has bytes is not copied") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId first;
  {
    OpenJournal journal(file, clock);
    first = journal.commit(narrow(plant_layout(), clock, 5))[0].id.epoch;
  }
  {
    OpenJournal journal(file, clock);
    journal.commit(narrow(plant_layout(), clock, 2000));
  }
  {
    journal::Database database(file, journal::Database::Mode::read_write);
    database.execute("UPDATE epoch SET last = 1 << 39 WHERE no = 1");
  }
  overwrite_page_near_the_end(file);
  OpenJournal journal(file, clock);
  CHECK(journal->epochs().empty());
  const auto records = journal.commit(narrow(plant_layout(), clock, 1));
  CHECK(std::get<meter::Start>(records[0].record).why == "journal-lost");
  REQUIRE(records.size() == 4);
  CHECK(std::get<meter::Void>(records[2].record).epoch == first);
}

TEST_CASE("a bad page found while we run costs a small journal no more than the records on it") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto file = directory / "journal.db";
  OpenJournal journal(file, clock, "boot-1",
                      [](journal::Settings& settings) { settings.max_age = std::chrono::hours(24); });
  const auto last = commit_much(journal, clock, 10);
  overwrite_page(file, 1500);  // what leaves the ring in the end meets it
  clock.advance(50h);
  std::vector<meter::StoredRecord> begin;
  for (int round = 0; round < 200 && begin.empty(); ++round) {
    journal->append(sample(wide_layout(), 0, clock.boot()));
    for (auto& commit : journal.commit().commits) {
      if (commit.records[0].id.seq == 1) begin = std::move(commit.records);
    }
  }
  REQUIRE_FALSE(begin.empty());
  CHECK(std::get<meter::Start>(begin[0].record).why == "journal-blocked");
  CHECK(std::get<meter::Start>(begin[0].record).prev->epoch == last.epoch);
  CHECK(journal->status().set_aside == file.string() + ".damaged-1");
  CHECK(journal->status().durable);
  CHECK(journal.read(last.epoch, {{40'000, last.seq}}).size() == last.seq - 40'000 + 1);
}

TEST_CASE("rows that the disk does not give are not called damaged, and do not hide those behind them") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto path = directory / "journal.db";
  const auto file = journal::open_for_writing(path, "test-agent");
  constexpr std::uint64_t last = 10'000;  // far more than SQLite keeps in memory
  auto made = sample(wide_layout(), 0, clock.boot());
  for (std::size_t w = 0; w < made.words.size(); ++w) made.words[w] = static_cast<std::uint16_t>(w * 25'000);
  journal::Transaction transaction(file->database);
  for (std::uint64_t seq = 1; seq <= last; ++seq) file->records.insert(journal::record_key(1, seq), made);
  transaction.commit();
  // The root and the newest rows stay in memory.
  file->records.read(1, {1, last}, [](std::uint64_t, const std::optional<meter::Record>&) { return true; });
  // Reading beyond the end of the log is an error of the medium, not a corrupt page.
  fs::resize_file(path.string() + "-wal", fs::file_size(path.string() + "-wal") / 2);
  RangeSet found;
  std::size_t damaged = 0;
  bool unreadable = false;
  try {
    file->records.read(1, {1, last}, [&](std::uint64_t seq, const std::optional<meter::Record>& record) {
      if (record) found.add(Range{seq, seq});
      if (!record) ++damaged;
      return true;
    });
  } catch (const journal::DatabaseError& error) {
    unreadable = error.unreadable();
  }
  CHECK(unreadable);
  CHECK(damaged == 0);
  CHECK(found.contains(last));
  CHECK_FALSE(found.contains(1));
  CHECK_FALSE(file->records.find(journal::record_key(1, 1)));
}
