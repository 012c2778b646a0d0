// Damaged files and rows: the journal starts all the same, says so, and loses no more than was
// damaged.
#include <fstream>

#include "agent/journal/database.hpp"
#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

namespace fs = std::filesystem;

void write_file(const fs::path& file, const std::string& content) {
  std::ofstream(file, std::ios::binary) << content;
}

bool mentions(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::vector<meter::Record> some(const meter::LayoutPtr& layout, const ManualClock& clock, int count) {
  std::vector<meter::Record> records;
  for (int i = 0; i < count; ++i) records.push_back(sample(layout, 0, clock.boot() + i * 10s));
  return records;
}

}  // namespace

TEST_CASE("a journal cut to nothing beside its write-ahead log is set aside, not begun anew in silence") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  {
    OpenJournal journal(file, clock);
    journal.commit({sample(plant_layout(), 0, clock.boot())});
  }
  REQUIRE(std::filesystem::file_size(file.string() + "-wal") > 0);
  std::filesystem::resize_file(file, 0);
  OpenJournal journal(file, clock);
  CHECK_FALSE(journal->status().set_aside.empty());
}

TEST_CASE("a file that is no journal is set aside under a new name, and a new journal begins") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  const auto content = GENERATE(as<std::string>(), "x", std::string(100'000, 'z'),
                                "SQLite format 3" + std::string(1, '\0') + std::string(5000, '\x7f'));
  write_file(file, content);
  OpenJournal journal(file, clock);
  REQUIRE(journal);
  const auto status = journal->status();
  CHECK(status.durable);
  CHECK(status.set_aside == file.string() + ".damaged-1");
  CHECK(mentions(status.trouble, "set aside"));
  CHECK(fs::file_size(status.set_aside) == content.size());
  const auto records = journal.commit(some(plant_layout(), clock, 1));
  CHECK(std::get<meter::Start>(records.at(0).record).why == "journal-lost");
  CHECK_FALSE(std::get<meter::Start>(records.at(0).record).prev);
}

TEST_CASE("a second damaged file gets a name of its own") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  for (const char* name : {".damaged-1", ".damaged-2"}) {
    write_file(file, "garbage");
    OpenJournal journal(file, clock);
    CHECK(journal->status().set_aside == file.string() + name);
  }
}

TEST_CASE("a database of somebody else is not written to") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  {
    journal::Database other(file, journal::Database::Mode::read_write);
    other.execute("CREATE TABLE recipes(name TEXT); INSERT INTO recipes VALUES('ice cream')");
  }
  OpenJournal journal(file, clock);
  journal::Database kept(journal->status().set_aside, journal::Database::Mode::read_only);
  CHECK(kept.text("SELECT name FROM recipes") == "ice cream");
}

TEST_CASE("an empty file, as a power cut at the first start leaves it, becomes a journal") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  write_file(directory / "journal.db", "");
  OpenJournal journal(directory / "journal.db", clock);
  CHECK(journal->status().durable);
  CHECK(journal->status().set_aside.empty());
}

TEST_CASE("the WAL of a damaged journal goes aside with it: it must not be replayed into the new one") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  {
    OpenJournal journal(file, clock);
    journal.commit(some(plant_layout(), clock, 3));
  }
  REQUIRE(fs::exists(file.string() + "-wal"));
  // The header says "not a database"; a valid WAL lies beside it.
  std::fstream(file, std::ios::binary | std::ios::in | std::ios::out) << "not a database at all";
  const auto wal_size = fs::file_size(file.string() + "-wal");
  OpenJournal journal(file, clock);
  REQUIRE_FALSE(journal->status().set_aside.empty());
  CHECK(fs::file_size(journal->status().set_aside + "-wal") == wal_size);
  CHECK(journal->epochs().empty());
}

TEST_CASE("a row that was damaged is left out of reading, and a void says so") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId epoch;
  {
    OpenJournal journal(file, clock);
    epoch = journal.commit(some(plant_layout(), clock, 5))[0].id.epoch;
  }
  {
    journal::Database database(file, journal::Database::Mode::read_write);
    database.execute("UPDATE record SET body = zeroblob(length(body)) WHERE key & 0xff = 3");
    database.execute("DELETE FROM record WHERE key & 0xff = 5");
  }
  OpenJournal journal(file, clock);
  const auto read = journal.read(epoch);
  CHECK(read.size() == 4);
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  const auto& records = told.commits[0].records;
  REQUIRE(records.size() == 3);  // Start and two voids
  for (std::size_t i = 1; i < 3; ++i) {
    const auto& gone = std::get<meter::Void>(records[i].record);
    CHECK(gone.epoch == epoch);
    CHECK(gone.first == (i == 1 ? 3 : 5));
    CHECK(gone.last == gone.first);
    CHECK(gone.why == "corrupt");
  }
  CHECK(told.commits[0].evicted.size() == 2);
  CHECK(journal.read(epoch).size() == 4);
  CHECK(journal.commit().commits.empty());  // told once
}
