// The journal's promises while the disk is good: identity, order, what comes back after reopening.
#include "agent/journal/database.hpp"
#include "tests/support/open_journal.hpp"

#include <thread>

using namespace congto;
using namespace congto::test;

namespace {

std::vector<meter::Record> polls(const meter::LayoutPtr& layout, const ManualClock& clock, int count) {
  std::vector<meter::Record> records;
  for (int i = 0; i < count; ++i) {
    records.push_back(sample(layout, 0, clock.boot() + i * 10s, static_cast<std::uint16_t>(i)));
  }
  return records;
}

std::vector<std::uint64_t> seqs(const std::vector<meter::StoredRecord>& records) {
  std::vector<std::uint64_t> all;
  for (const auto& record : records) all.push_back(record.id.seq);
  return all;
}

}  // namespace

TEST_CASE("an epoch begins with its first record: Start is 1, numbers follow without holes over commits") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock);
  const auto first = journal.commit(polls(layout, clock, 2));
  CHECK(seqs(first) == std::vector<std::uint64_t>{1, 2, 3});
  const auto& start = std::get<meter::Start>(first[0].record);
  CHECK_FALSE(start.prev);
  CHECK_FALSE(start.since);
  CHECK(start.why == "first");
  CHECK(seqs(journal.commit(polls(layout, clock, 2))) == std::vector<std::uint64_t>{4, 5});
  for (const auto& record : first) CHECK(record.id.epoch == journal->current());
}

TEST_CASE("a run without records leaves no epoch") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  { OpenJournal journal(directory / "journal.db", clock); }
  OpenJournal journal(directory / "journal.db", clock);
  CHECK(journal->epochs().empty());
  CHECK(journal.commit().commits.empty());
}

TEST_CASE("nothing is handed out before its commit") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock);
  journal->append(sample(layout, 0, clock.boot()));
  CHECK(journal.read(journal->current()).empty());
  CHECK(journal->status().records_in_memory == 1);
  CHECK(journal.commit().commits.at(0).records.size() == 2);
  CHECK(journal.read(journal->current()).size() == 2);
  CHECK(journal->status().records_in_memory == 0);
}

TEST_CASE("what is queued is committed by the destructor") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  EpochId epoch;
  {
    OpenJournal journal(directory / "journal.db", clock);
    epoch = journal->current();
    for (auto& record : polls(layout, clock, 12'000)) journal->append(record);
  }
  OpenJournal journal(directory / "journal.db", clock);
  REQUIRE(journal->epochs().size() == 1);
  CHECK(journal->epochs()[0].last == 12'001);
  CHECK(journal.read(epoch).size() == 12'001);
}

TEST_CASE("a commit comes by itself when its period is over") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  std::promise<std::size_t> committed;
  journal::Settings settings;
  settings.file = directory / "journal.db";
  settings.agent = "test-agent";
  settings.commit_period = 1ms;
  journal::Handlers handlers;
  handlers.committed = [&](const journal::Commit& commit) { committed.set_value(commit.records.size()); };
  const auto journal = journal::Journal::open(settings, clock, handlers);
  (*journal)->append(sample(plant_layout(), 0, clock.boot()));
  CHECK(committed.get_future().get() == 2);
}

TEST_CASE("reopening gives back every record as it was handed out") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  std::vector<meter::StoredRecord> before;
  {
    OpenJournal journal(directory / "journal.db", clock);
    journal->date({5s, false, 3ms});
    auto records = polls(layout, clock, 50);
    records.push_back(meter::Meta{layout, {{{"serial", "17"}}, {}}, {{}, {"active_power_1"}}});
    records.push_back(meter::Skipped{layout, 1, clock.boot(), clock.boot() + 20s, 3, "back-off"});
    before = journal.commit(records);
  }
  OpenJournal journal(directory / "journal.db", clock);
  const auto after = journal.read(before[0].id.epoch);
  REQUIRE(after.size() == before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    CHECK(after[i].id == before[i].id);
    CHECK(after[i].dating == before[i].dating);
    CHECK(same(after[i].record, before[i].record));
  }
  REQUIRE(journal->epochs().size() == 1);
  CHECK(journal->epochs()[0].held == RangeSet{{1, 53}});
  CHECK(journal->epochs()[0].settled.empty());
  CHECK(journal->epochs()[0].boot_id == "boot-1");
}

TEST_CASE("every run has an epoch of its own") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  std::vector<EpochId> seen;
  for (int run = 0; run < 3; ++run) {
    OpenJournal journal(directory / "journal.db", clock);
    seen.push_back(journal.commit(polls(layout, clock, 1))[0].id.epoch);
  }
  CHECK(seen[0] != seen[1]);
  CHECK(seen[1] != seen[2]);
  OpenJournal journal(directory / "journal.db", clock);
  REQUIRE(journal->epochs().size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(journal->epochs()[i].id == seen[i]);  // oldest first
}

TEST_CASE("reading takes what was asked, lowest first, within both limits") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  OpenJournal journal(directory / "journal.db", clock);
  const auto epoch = journal.commit(polls(plant_layout(), clock, 9))[0].id.epoch;
  CHECK(seqs(journal.read(epoch, {{3, 4}, {8, 99}})) == std::vector<std::uint64_t>{3, 4, 8, 9, 10});
  CHECK(seqs(journal.read(epoch, {{2, 10}}, 3)) == std::vector<std::uint64_t>{2, 3, 4});
  CHECK(seqs(journal.read(epoch, {{2, 10}}, 100, 11)) ==
        std::vector<std::uint64_t>{2, 3});                                               // 4 readings each
  CHECK(seqs(journal.read(epoch, {{2, 10}}, 100, 1)) == std::vector<std::uint64_t>{2});  // one at least
  CHECK(journal.read(EpochId::random()).empty());
}

TEST_CASE("a layout is found by its id, also after reopening, and history keeps its own") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto old_layout = plant_layout();
  const auto new_layout =
      std::make_shared<const meter::Layout>(std::vector{plant_meter("compressor-1", 7, meter::Type::u32)});
  EpochId epoch;
  {
    OpenJournal journal(directory / "journal.db", clock);
    epoch = journal.commit({sample(old_layout, 0, clock.boot()), sample(new_layout, 0, clock.boot())})[0]
                .id.epoch;
  }
  OpenJournal journal(directory / "journal.db", clock);
  const auto find = [&](const std::string& id) {
    std::promise<meter::LayoutPtr> found;
    journal->layout(id, [&](meter::LayoutPtr layout) { found.set_value(std::move(layout)); });
    return found.get_future().get();
  };
  REQUIRE(find(new_layout->id()));
  CHECK(find(new_layout->id())->meters() == new_layout->meters());
  CHECK(find("00000000000000000000000000000000") == nullptr);
  const auto records = journal.read(epoch);
  REQUIRE(records.size() == 3);
  CHECK(std::get<meter::Sample>(records[1].record).layout->id() == old_layout->id());
  CHECK(std::get<meter::Sample>(records[2].record).layout->id() == new_layout->id());
}

TEST_CASE("acknowledgements survive reopening; their union counts, clipped to what exists") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  EpochId epoch;
  {
    OpenJournal journal(directory / "journal.db", clock);
    epoch = journal.commit(polls(plant_layout(), clock, 9))[0].id.epoch;
    journal->settle(epoch, {{7, 5000}});
    journal->settle(epoch, {{1, 2}, {2, 3}});
    journal->settle(EpochId::random(), {{1, 3}});
    CHECK(journal.commit().commits.empty());  // no records: nothing to hand out
  }
  {
    OpenJournal journal(directory / "journal.db", clock);
    REQUIRE(journal->epochs().size() == 1);
    CHECK(journal->epochs()[0].settled == RangeSet{{1, 3}, {7, 10}});
    journal->withdraw(epoch, {{2, 8}});
  }
  OpenJournal journal(directory / "journal.db", clock);
  CHECK(journal->epochs()[0].settled == RangeSet{{1, 1}, {9, 10}});
  CHECK(journal->epochs()[0].held == RangeSet{{1, 10}});
}

TEST_CASE("a sample that does not fit its layout is refused where it is handed over") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  OpenJournal journal(directory / "journal.db", clock);
  auto bad = sample(plant_layout(), 0, clock.boot());
  bad.words.clear();
  CHECK_THROWS_AS(journal->append(bad), std::invalid_argument);
}

TEST_CASE("functions may be called from many threads while commits run") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        journal->append(sample(layout, 1, clock.boot() + i * 1s));
        if (i % 20 == 0) journal->commit_now();
        journal->settle(journal->current(), {{1, static_cast<std::uint64_t>(i) + 1}});
        (void)journal->status();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  journal.commit();
  CHECK(journal.read(journal->current()).size() == 801);
}

TEST_CASE("the export sees every record in order with its dating, and writes nothing") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId first, second;
  {
    OpenJournal journal(file, clock);
    journal->date({7s, false, 1ms});
    first = journal.commit(polls(plant_layout(), clock, 3))[0].id.epoch;
  }
  {
    OpenJournal journal(file, clock, "boot-2");
    second = journal.commit(polls(plant_layout(), clock, 2))[0].id.epoch;
  }
  std::vector<meter::StoredRecord> seen;
  std::size_t wanted = 7;
  const auto keep = [&](const meter::StoredRecord& record) {
    seen.push_back(record);
    return seen.size() < wanted;
  };
  REQUIRE(journal::for_each_record(file, keep));
  REQUIRE(seen.size() == 7);
  CHECK(seen[0].id == RecordId{first, 1});
  CHECK(seen[3].dating->offset == 7s);
  CHECK(seen[4].id == RecordId{second, 1});
  CHECK_FALSE(seen[6].dating);
  seen.clear();
  wanted = 2;
  REQUIRE(journal::for_each_record(file, keep));
  CHECK(seen.size() == 2);  // no more than was wanted
  OpenJournal journal(file, clock);
  CHECK(journal->epochs().size() == 2);
}

TEST_CASE("the export refuses while an agent holds the journal, and where there is none") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto nothing = [](const meter::StoredRecord&) { return true; };
  OpenJournal journal(directory / "journal.db", clock);
  const auto held = journal::for_each_record(directory / "journal.db", nothing);
  REQUIRE_FALSE(held);
  CHECK(held.error().message.find("stop it first") != std::string::npos);
  CHECK_FALSE(journal::for_each_record(directory / "none.db", nothing));
}

TEST_CASE("the file is one of small pages with a write-ahead log that stays") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  {
    OpenJournal journal(file, clock);
    journal.commit(polls(plant_layout(), clock, 1));
  }
  CHECK(std::filesystem::file_size(file.string() + "-wal") > 0);
  journal::Database database(file, journal::Database::Mode::read_write);
  CHECK(database.number("PRAGMA page_size") == 2048);
  CHECK(database.text("PRAGMA journal_mode") == "wal");
}
