// Records that waited for time, and datings that never change once given.
#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

constexpr meter::Dating exact{1'000'000s, false, 5ms};

using Dated = std::vector<std::pair<EpochId, Range>>;

}  // namespace

TEST_CASE("records without time are handed out undated, and told of when the time is known") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock);
  const auto early = journal.commit({sample(layout, 0, clock.boot()), sample(layout, 0, clock.boot() + 10s)});
  for (const auto& record : early) CHECK_FALSE(record.dating);
  CHECK(journal->status().undated == 3);

  journal->date(exact);
  journal->append(sample(layout, 0, clock.boot() + 20s));
  const auto told = journal.commit();
  CHECK(told.dated == Dated{{journal->current(), {1, 3}}});
  CHECK(told.commits.at(0).records.at(0).dating == exact);
  for (const auto& record : journal.read(journal->current())) CHECK(record.dating == exact);
  CHECK(journal->status().undated == 0);
}

TEST_CASE("a dating needs no record to be committed") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  OpenJournal journal(directory / "journal.db", clock);
  journal.commit({sample(plant_layout(), 0, clock.boot())});
  journal->date(exact);
  CHECK(journal.commit().dated == Dated{{journal->current(), {1, 2}}});
}

TEST_CASE("with the time known from the start every record is dated by it, Start included") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  OpenJournal journal(directory / "journal.db", clock);
  journal->date(exact);
  for (const auto& record : journal.commit({sample(plant_layout(), 0, clock.boot())}))
    CHECK(record.dating == exact);
}

TEST_CASE("a new offset counts from the next record on; what was dated keeps its own, also after reopening") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  const meter::Dating stepped{1'000'003s, false, 2ms};
  EpochId epoch;
  {
    OpenJournal journal(directory / "journal.db", clock);
    epoch = journal->current();
    journal->date(exact);
    journal.commit({sample(layout, 0, clock.boot())});
    journal->date({999'000s, false, 9ms});  // no record will have used it
    journal.commit();
    journal->date(stepped);
    CHECK(journal.commit({sample(layout, 0, clock.boot())}).at(0).dating == stepped);
  }
  OpenJournal journal(directory / "journal.db", clock);
  journal->date({5s, false, 1ms});
  CHECK(journal.commit().dated.empty());
  const auto records = journal.read(epoch);
  REQUIRE(records.size() == 3);
  CHECK(records[0].dating == exact);
  CHECK(records[1].dating == exact);
  CHECK(records[2].dating == stepped);
}

TEST_CASE("the same dating again changes nothing") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  OpenJournal journal(directory / "journal.db", clock);
  journal->date(exact);
  journal.commit({sample(plant_layout(), 0, clock.boot())});
  const auto commits = journal->status().commits;
  journal->date(exact);
  journal.commit();
  CHECK(journal->status().commits == commits);
}

TEST_CASE("an earlier run of the same boot that had no time gets it exactly") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  EpochId first;
  {
    OpenJournal journal(directory / "journal.db", clock);
    first = journal.commit({sample(plant_layout(), 0, clock.boot())})[0].id.epoch;
  }
  OpenJournal journal(directory / "journal.db", clock);
  journal->date(exact);
  CHECK(journal.commit().dated == Dated{{first, {1, 2}}});
  CHECK(journal.read(first).at(1).dating == exact);
}

TEST_CASE("a boot that ended without time is estimated between the boots on either side") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  const auto file = directory / "journal.db";
  EpochId lost;
  {
    // Known: boot-1's clock agreed with the wall at boot time 1000 s, and its last record is from then.
    OpenJournal journal(file, clock, "boot-1");
    journal->date(exact);
    auto last = sample(layout, 0, clock.boot());
    last.stamp = clock.boot();
    journal.commit({last});
  }
  {
    OpenJournal journal(file, clock, "boot-2");
    auto only = sample(layout, 0, clock.boot());
    only.stamp = BootTime(2000s);
    lost = journal.commit({only})[0].id.epoch;
  }
  OpenJournal journal(file, clock, "boot-3");
  // boot-3 began 3000 s after boot-1's last record; boot-2 took 2000 of them: 1000 s of slack.
  journal->date({1'004'000s, false, 5ms});
  CHECK(journal.commit().dated == Dated{{lost, {1, 2}}});
  const auto dating = journal.read(lost).at(1).dating;
  REQUIRE(dating);
  CHECK(dating->estimated);
  CHECK(dating->offset == 1'001'500s);
  CHECK(dating->error == 500s);
}

TEST_CASE("a clock reference after the last record narrows the estimate") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  const auto file = directory / "journal.db";
  EpochId lost;
  {
    OpenJournal journal(file, clock, "boot-1");
    journal->date(exact);
    journal.commit({sample(layout, 0, clock.boot())});
    journal->reference({BootTime(1800s), WallTime(1'001'800s), 5ms, "ntp"});
  }
  {
    OpenJournal journal(file, clock, "boot-2");
    auto only = sample(layout, 0, clock.boot());
    only.stamp = BootTime(2000s);
    lost = journal.commit({only})[0].id.epoch;
  }
  OpenJournal journal(file, clock, "boot-3");
  journal->date({1'004'000s, false, 5ms});
  journal.commit();
  CHECK(journal.read(lost).at(1).dating->error == 100s);  // (1'004'000 - 1'001'800 - 2000) / 2
}

TEST_CASE("a boot with a clock reference but no dating is dated by the reference, not estimated") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId lost;
  {
    OpenJournal journal(file, clock, "boot-1");
    lost = journal.commit({sample(plant_layout(), 0, clock.boot())})[0].id.epoch;
    journal->reference({BootTime(50s), WallTime(1'000'050s), 7ms, "ntp"});
  }
  OpenJournal journal(file, clock, "boot-2");
  journal->date({2'000'000s, false, 5ms});
  journal.commit();
  CHECK(journal.read(lost).at(0).dating == meter::Dating{1'000'000s, false, 7ms});
}

TEST_CASE("an estimate of this boot does not date other boots") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  EpochId lost;
  {
    OpenJournal journal(file, clock, "boot-1");
    lost = journal.commit({sample(plant_layout(), 0, clock.boot())})[0].id.epoch;
  }
  OpenJournal journal(file, clock, "boot-2");
  journal->date({2'000'000s, true, 3600s});
  CHECK(journal.commit().dated.empty());
  CHECK_FALSE(journal.read(lost).at(0).dating);
  journal->date({2'000'001s, false, 5ms});
  CHECK(journal.commit().dated == Dated{{lost, {1, 2}}});
}
