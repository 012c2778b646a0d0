// The file is not there at start, or not the one we wrote to any more: what is found is told of, what is lost
// has a name.
#include <fstream>
#include <map>
#include <optional>

#include "tests/support/full_disk.hpp"
#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

namespace fs = std::filesystem;

void overwrite(const fs::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

std::vector<meter::Record> samples(const meter::LayoutPtr& layout, const ManualClock& clock, int count) {
  std::vector<meter::Record> records;
  for (int i = 0; i < count; ++i) records.push_back(sample(layout, 0, clock.boot() + i * 10s));
  return records;
}

}  // namespace

TEST_CASE("a file that could be opened only later: all that it holds is told of then, settled or not") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId old;
  {
    OpenJournal journal(file, clock);
    journal->date({5s, false, 1ms});
    old = journal.commit(samples(plant_layout(), clock, 3))[0].id.epoch;
    journal->settle(old, {{2, 2}});
  }
  fs::rename(file, directory / "elsewhere");
  fs::create_directory(file);  // something that cannot be opened as a file
  OpenJournal journal(file, clock);
  REQUIRE(journal);
  CHECK_FALSE(journal->status().durable);
  CHECK(journal->epochs().empty());
  fs::remove(file);
  fs::rename(directory / "elsewhere", file);
  const auto told = journal.commit();
  REQUIRE(told.found.size() == 1);
  CHECK(told.found[0].id == old);
  CHECK(told.found[0].last == 4);
  CHECK(told.found[0].held == RangeSet{{1, 4}});
  CHECK(told.found[0].settled == RangeSet{{2, 2}});
  CHECK(told.dated.empty());
  CHECK(journal->status().durable);
  const auto next = journal.commit(samples(plant_layout(), clock, 1));
  CHECK(std::get<meter::Start>(next[0].record).prev->epoch == old);
}

TEST_CASE("a file lost while we run: all that it held is told gone, a void names what nobody acknowledged") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  OpenJournal journal(file, clock);
  const auto first = journal.commit(samples(plant_layout(), clock, 3))[0].id.epoch;
  journal->settle(first, {{1, 2}});
  journal.commit();
  {
    const FullDisk full(fs::file_size(file.string() + "-wal"));
    for (auto& record : samples(plant_layout(), clock, 400)) journal->append(record);
    CHECK(journal.commit().commits.empty());
  }
  overwrite(file, "garbage");
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  const auto& commit = told.commits[0];
  const auto& start = std::get<meter::Start>(commit.records[0].record);
  CHECK(start.why == "journal-lost");
  REQUIRE(start.prev);
  CHECK(start.prev->epoch == first);
  CHECK(start.prev->last == 4);
  REQUIRE(commit.evicted.size() == 1);
  CHECK(commit.evicted[0].epoch == first);
  CHECK(commit.evicted[0].range == Range{1, 4});
  const auto& gone = std::get<meter::Void>(commit.records.back().record);
  CHECK(gone.epoch == first);
  CHECK(gone.first == 3);
  CHECK(gone.last == 4);
  CHECK(commit.records.size() == 402);
}

TEST_CASE("another journal in the place of the one we wrote to keeps its records, and they are told of") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId other;
  {
    OpenJournal journal(directory / "other.db", clock);
    other = journal.commit(samples(plant_layout(), clock, 5))[0].id.epoch;
  }
  OpenJournal journal(file, clock);
  journal->date({5s, false, 1ms});
  const auto first = journal.commit(samples(plant_layout(), clock, 3))[0].id.epoch;
  {
    const FullDisk full(fs::file_size(file.string() + "-wal"));
    for (auto& record : samples(plant_layout(), clock, 400)) journal->append(record);
    CHECK(journal.commit().commits.empty());
  }
  for (const char* part : {"", "-wal"})
    fs::rename(directory / ("other.db" + std::string(part)), file.string() + part);
  const auto told = journal.commit();
  REQUIRE(told.found.size() == 1);
  CHECK(told.found[0].id == other);
  CHECK(told.dated == std::vector<std::pair<EpochId, Range>>{{other, {1, 6}}});
  REQUIRE(told.commits.size() == 1);
  const auto& records = told.commits[0].records;
  CHECK(std::get<meter::Start>(records[0].record).prev->epoch == other);
  CHECK(std::get<meter::Void>(records.back().record).epoch == first);
  CHECK(journal.read(other).size() == 6);
  CHECK(journal.read(first).empty());
}

TEST_CASE("a journal put in the place of one in which nothing was committed yet keeps its records") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId other;
  {
    OpenJournal journal(directory / "other.db", clock);
    other = journal.commit(samples(plant_layout(), clock, 5))[0].id.epoch;
  }
  clock.advance(1h);
  OpenJournal journal(file, clock);
  {
    const FullDisk full(0);
    journal->append(samples(plant_layout(), clock, 1)[0]);
    CHECK(journal.commit().commits.empty());
  }
  for (const char* part : {"", "-wal"})
    fs::rename(directory / ("other.db" + std::string(part)), file.string() + part);
  const auto told = journal.commit();
  REQUIRE(told.found.size() == 1);
  CHECK(told.found[0].id == other);
  CHECK(told.found[0].held == RangeSet{{1, 6}});
  REQUIRE(told.commits.size() == 1);
  CHECK(told.commits[0].records.size() == 2);
  CHECK(told.commits[0].evicted.empty());
  const auto& start = std::get<meter::Start>(told.commits[0].records[0].record);
  CHECK(start.prev->epoch == other);
  CHECK(start.why != "journal-lost");
  CHECK(journal.read(other).size() == 6);
}

TEST_CASE("an older copy of our own journal in its place: what it lacks is told gone, and no more") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  const auto copy = [&](const fs::path& from, const fs::path& to) {
    for (const char* part : {"", "-wal"}) {
      fs::remove(to.string() + part);
      fs::copy_file(from.string() + part, to.string() + part);
    }
  };
  EpochId first;
  {
    OpenJournal journal(file, clock);
    first = journal.commit(samples(plant_layout(), clock, 3))[0].id.epoch;
    copy(file, directory / "copy.db");
    journal.commit(samples(plant_layout(), clock, 2));
  }
  OpenJournal journal(file, clock);
  const auto second = journal.commit(samples(plant_layout(), clock, 2))[0].id.epoch;
  {
    const FullDisk full(fs::file_size(file.string() + "-wal"));
    for (auto& record : samples(plant_layout(), clock, 400)) journal->append(record);
    CHECK(journal.commit().commits.empty());
  }
  copy(directory / "copy.db", file);
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  std::map<EpochId, RangeSet> evicted;
  std::map<EpochId, RangeSet> voided;
  for (const auto& gone : told.commits[0].evicted) evicted[gone.epoch].add(gone.range);
  for (const auto& record : told.commits[0].records) {
    if (const auto* gone = std::get_if<meter::Void>(&record.record))
      voided[gone->epoch].add({gone->first, *gone->last});
  }
  CHECK(evicted == std::map<EpochId, RangeSet>{{first, {{5, 6}}}, {second, {{1, 3}}}});
  CHECK(voided == evicted);
  CHECK(journal.read(first).size() == 4);
}

TEST_CASE("a damaged file whose successor cannot be made yet: the Start still says that a journal was lost") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  overwrite(file, "garbage");
  std::optional<OpenJournal> journal;
  {
    const FullDisk full(0);
    journal.emplace(file, clock);
    REQUIRE(*journal);
    CHECK_FALSE((*journal)->status().durable);
  }
  const auto records = journal->commit(samples(plant_layout(), clock, 1));
  CHECK(std::get<meter::Start>(records[0].record).why == "journal-lost");
  CHECK((*journal)->status().set_aside == file.string() + ".damaged-1");
}
