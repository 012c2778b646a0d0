// Disks that cannot be written, and neighbours that want the same journal: it starts, says so, loses nothing.
#include <fstream>

#include "tests/support/full_disk.hpp"
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

TEST_CASE("two agents cannot have one journal; the second is told who holds it") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const OpenJournal first(directory / "journal.db", clock);
  const OpenJournal second(directory / "journal.db", clock);
  CHECK_FALSE(second);
  CHECK(mentions(second.error(), "another agent (pid " + std::to_string(getpid()) + ") holds"));
}

TEST_CASE("a journal of another agent is refused while it holds unacknowledged records, then put aside") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  const auto renamed = [](journal::Settings& settings) { settings.agent = "new-name"; };
  {
    OpenJournal journal(file, clock);
    journal.commit(some(plant_layout(), clock, 4));
  }
  {
    const OpenJournal refused(file, clock, "boot-1", renamed);
    REQUIRE_FALSE(refused);
    CHECK(mentions(refused.error(), "\"test-agent\""));
    CHECK(mentions(refused.error(), "5 records"));
  }
  {
    OpenJournal journal(file, clock);
    journal->settle(journal->epochs().at(0).id, {{1, 5}});
  }
  OpenJournal journal(file, clock, "boot-1", renamed);
  REQUIRE(journal);
  CHECK(journal->epochs().empty());
  CHECK(mentions(journal->status().set_aside, ".other-agent-1"));
  CHECK(std::get<meter::Start>(journal.commit(some(plant_layout(), clock, 1))[0].record).why == "first");
}

TEST_CASE("without a directory to write to records wait in memory, and are written when there is one") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  write_file(directory / "state", "a file where the directory should be");
  OpenJournal journal(directory / "state" / "journal.db", clock);
  REQUIRE(journal);
  CHECK_FALSE(journal->status().durable);
  CHECK(mentions(journal->status().trouble, "memory: cannot write"));
  for (auto& record : some(layout, clock, 3)) journal->append(record);
  CHECK(journal.commit().commits.empty());
  CHECK(journal->status().records_in_memory == 3);

  fs::remove(directory / "state");
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  CHECK(told.commits[0].records.size() == 4);
  CHECK(std::get<meter::Start>(told.commits[0].records[0].record).why == "first");
  CHECK(told.trouble == std::vector<std::string>{"writing"});
  CHECK(journal->status().durable);
  CHECK(journal->status().trouble.empty());
}

TEST_CASE("a disk that fills while we run: nothing is handed out, a new epoch begins when there is room") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock);
  journal->date({5s, false, 1ms});
  const auto before = journal.commit(some(layout, clock, 2));
  const auto first = before[0].id.epoch;
  journal->settle(first, {{1, 1}});
  {
    const FullDisk full(fs::file_size((directory / "journal.db").string() + "-wal"));
    for (auto& record : some(layout, clock, 400)) journal->append(record);
    for (int attempt = 0; attempt < 2; ++attempt) {
      const auto told = journal.commit();
      CHECK(told.commits.empty());
      CHECK(told.trouble.size() == (attempt == 0 ? 1 : 0));  // said once
    }
    CHECK_FALSE(journal->status().durable);
    CHECK(journal.read(first).size() == 3);  // what is there can still be sent
  }
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  const auto& records = told.commits[0].records;
  REQUIRE(records.size() == 401);
  CHECK(records[0].id.seq == 1);
  CHECK(records[0].id.epoch != first);
  CHECK(records[0].id.epoch == journal->current());
  const auto& start = std::get<meter::Start>(records[0].record);
  CHECK(start.why == "journal-blocked");
  REQUIRE(start.prev);
  CHECK(start.prev->epoch == first);
  CHECK(start.prev->last == 3);
  CHECK(records[400].dating->offset == 5s);
  journal.close();
  OpenJournal reopened(directory / "journal.db", clock);
  REQUIRE(reopened->epochs().size() == 2);
  CHECK(reopened->epochs()[0].held == RangeSet{{1, 3}});
  CHECK(reopened->epochs()[0].settled == RangeSet{{1, 1}});
  CHECK(reopened->epochs()[1].held == RangeSet{{1, 401}});
}

TEST_CASE("what memory cannot hold is counted and becomes a void with numbers of its own") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  write_file(directory / "state", "");
  OpenJournal journal(directory / "state" / "journal.db", clock, "boot-1",
                      [](journal::Settings& settings) { settings.max_records_in_memory = 10; });
  for (auto& record : some(layout, clock, 25)) journal->append(record);
  journal.commit();
  CHECK(journal->status().records_in_memory == 10);
  CHECK(journal->status().dropped == 15);

  fs::remove(directory / "state");
  const auto records = journal.commit().commits.at(0).records;
  REQUIRE(records.size() == 12);  // Start, the void, and the newest ten
  const auto& gone = std::get<meter::Void>(records[1].record);
  CHECK(gone.epoch == journal->current());
  CHECK(gone.first == 2);
  CHECK(gone.last == 16);
  CHECK(records[1].id.seq == 17);
  CHECK(records[2].id.seq == 18);
  CHECK(std::get<meter::Sample>(records[2].record).slot == clock.boot() + 150s);
  journal.close();
  OpenJournal reopened(directory / "state" / "journal.db", clock);
  CHECK(reopened->epochs().at(0).held == RangeSet{{1, 1}, {17, 27}});
}
