// Start records: which epoch came before, why it ended, and since when nothing was polled.
#include "agent/journal/epochs.hpp"
#include "agent/journal/journal_file.hpp"
#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

namespace fs = std::filesystem;

// The files as they are now, as a power cut or kill -9 would leave them, under another name.
fs::path snapshot(const fs::path& file) {
  const auto copy = file.string() + "-copy";
  fs::copy_file(file, copy, fs::copy_options::overwrite_existing);
  fs::copy_file(file.string() + "-wal", copy + "-wal", fs::copy_options::overwrite_existing);
  return copy;
}

meter::Start start_of(OpenJournal& journal, const meter::LayoutPtr& layout, const ManualClock& clock) {
  return std::get<meter::Start>(journal.commit({sample(layout, 0, clock.boot())})[0].record);
}

}  // namespace

TEST_CASE("how far an epoch went stays known when its rows have gone, also of one that ended by a crash") {
  const TemporaryDirectory directory;
  const auto file = journal::open_for_writing(directory / "journal.db", "ice-plant-03-edge-1");
  auto& database = file->database;
  journal::Epochs before;
  before[1].id = EpochId::random();
  before[1].last = 500;  // reloaded from its newest row; the epoch's own row has what its first commit wrote
  auto first = before;
  first[1].last = 1;
  journal::write_changes(database, {}, first);
  auto after = before;
  after[2].id = EpochId::random();
  after[2].last = 1;
  journal::write_changes(database, before, after);
  CHECK(journal::load_epochs(database).at(1).last == 500);
}

TEST_CASE("after a clean end the chain names the epoch before, its last number, and says stop") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  EpochId first;
  {
    OpenJournal journal(directory / "journal.db", clock);
    first = journal.commit({sample(layout, 0, clock.boot()), sample(layout, 1, clock.boot())})[0].id.epoch;
  }
  OpenJournal journal(directory / "journal.db", clock);
  const auto start = start_of(journal, layout, clock);
  REQUIRE(start.prev);
  CHECK(start.prev->epoch == first);
  CHECK(start.prev->last == 3);
  CHECK(start.why == "stop");
}

TEST_CASE("an end without a note is a crash in the same boot and a power cut in another") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal killed(directory / "journal.db", clock);
  killed.commit({sample(layout, 0, clock.boot())});
  const auto copy = snapshot(directory / "journal.db");
  const std::string boot = GENERATE("boot-1", "boot-2");
  OpenJournal journal(copy, clock, boot);
  CHECK(start_of(journal, layout, clock).why == (boot == "boot-1" ? "crash" : "power"));
}

TEST_CASE("a run that recorded nothing does not hide how the one before ended") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal killed(directory / "journal.db", clock);
  killed.commit({sample(layout, 0, clock.boot())});
  const auto copy = snapshot(directory / "journal.db");
  { OpenJournal idle(copy, clock); }
  OpenJournal journal(copy, clock);
  CHECK(start_of(journal, layout, clock).why == "crash");
}

TEST_CASE("since is the earliest slot that no meter's records cover, in the time of those records") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  const auto slot = clock.boot();
  {
    OpenJournal journal(directory / "journal.db", clock);
    journal->date({1'000'000s, false, 1ms});
    journal.commit({sample(layout, 0, slot), sample(layout, 1, slot), sample(layout, 0, slot + 10s),
                    sample(layout, 0, slot + 20s),
                    meter::Skipped{layout, 1, slot + 10s, slot + 10s, 1, "back-off"}});
  }
  clock.advance(1h);
  OpenJournal journal(directory / "journal.db", clock, "boot-2");
  const auto start = start_of(journal, layout, clock);
  // compressor-1 is covered to slot + 20 s, pump-1 only to slot + 10 s; both are polled every 10 s.
  CHECK(start.since == WallTime(1'000'000s + slot.time_since_epoch() + 20s));
}

TEST_CASE("since counts from the run's begin for a meter that it never recorded") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  const auto began = clock.boot();
  {
    OpenJournal journal(directory / "journal.db", clock);
    journal->date({1'000'000s, false, 1ms});
    clock.advance(100s);
    journal.commit({sample(layout, 0, clock.boot())});
  }
  OpenJournal journal(directory / "journal.db", clock);
  CHECK(start_of(journal, layout, clock).since == WallTime(1'000'000s + began.time_since_epoch()));
}

TEST_CASE("since is never later than now") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  {
    OpenJournal journal(directory / "journal.db", clock);
    journal->date({1'000'000s, false, 1ms});
    journal.commit({sample(layout, 0, clock.boot()), sample(layout, 1, clock.boot())});
  }
  clock.advance(2s);  // a restart within the interval: the next slot, in 8 s, is not lost yet
  OpenJournal journal(directory / "journal.db", clock);
  CHECK(start_of(journal, layout, clock).since == WallTime(1'000'000s + clock.boot().time_since_epoch()));
}

TEST_CASE("since is not said when the time of the run before is not known") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto layout = plant_layout();
  {
    OpenJournal journal(directory / "journal.db", clock);
    journal.commit({sample(layout, 0, clock.boot())});
  }
  OpenJournal journal(directory / "journal.db", clock, "boot-2");
  CHECK_FALSE(start_of(journal, layout, clock).since);
}
