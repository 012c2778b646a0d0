// The ring: rows go by age and by size, acknowledged ones first, and what was not acknowledged leaves a void.
#include "agent/journal/eviction.hpp"
#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

std::vector<meter::Void> voids(const std::vector<meter::StoredRecord>& records) {
  std::vector<meter::Void> found;
  for (const auto& record : records) {
    if (const auto* gone = std::get_if<meter::Void>(&record.record)) found.push_back(*gone);
  }
  return found;
}

// Commits one sample and gives all that the commit said.
journal::Commit one(OpenJournal& journal, const meter::LayoutPtr& layout, const ManualClock& clock) {
  journal->append(sample(layout, 0, clock.boot()));
  auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  return told.commits[0];
}

RangeSet evicted(const journal::Commit& commit, const EpochId& epoch) {
  RangeSet all;
  for (const auto& gone : commit.evicted) {
    if (gone.epoch == epoch) all.add(gone.range);
  }
  return all;
}

void two_hours(journal::Settings& settings) { settings.max_age = std::chrono::hours(2); }

}  // namespace

TEST_CASE("a sample that is too old goes with the next insert, and a void in the same commit says so") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
  journal.commit({sample(layout, 0, clock.boot())});
  clock.advance(2h);
  one(journal, layout, clock);  // two hours less the time of the poll: not yet
  CHECK(journal.read(journal->current()).size() == 3);
  clock.advance(1s);
  const auto commit = one(journal, layout, clock);
  CHECK(evicted(commit, journal->current()) == RangeSet{{2, 2}});
  const auto said = voids(commit.records);
  REQUIRE(said.size() == 1);
  CHECK(said[0].epoch == journal->current());
  CHECK(said[0].first == 2);
  CHECK(said[0].last == 2);
  CHECK(said[0].why == "aged-out");
  // Start stays until it is acknowledged, and the void has a number of its own.
  const auto left = journal.read(journal->current());
  REQUIRE(left.size() == 4);
  CHECK(left[0].id.seq == 1);
  CHECK(left[1].id.seq == 3);
  CHECK(same(left[3].record, said[0]));
}

TEST_CASE("nothing goes without an insert to ride on") {
  const TemporaryDirectory directory;
  ManualClock clock;
  OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
  journal.commit({sample(plant_layout(), 0, clock.boot())});
  clock.advance(100h);
  journal->date({1s, false, 1ms});
  CHECK(journal.commit().commits.empty());
  CHECK(journal.read(journal->current()).size() == 2);
}

TEST_CASE("what was acknowledged goes by age without a void, events too") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
  journal.commit({sample(layout, 0, clock.boot())});
  journal->settle(journal->current(), {{1, 2}});
  clock.advance(3h);
  RangeSet gone;
  for (int i = 0; i < 3; ++i) {
    const auto commit = one(journal, layout, clock);
    CHECK(voids(commit.records).empty());
    gone.add(evicted(commit, journal->current()));
  }
  CHECK(gone == RangeSet{{1, 2}});
}

TEST_CASE("an age is known over boots when both have their time; else a boot's length is all that is known") {
  const TemporaryDirectory directory;
  ManualClock clock;  // boot time 1000 s
  const auto layout = plant_layout();
  const bool dated = GENERATE(true, false);
  EpochId old;
  {
    OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
    if (dated) journal->date({1'000'000s, false, 1ms});
    old = journal.commit({sample(layout, 0, clock.boot())})[0].id.epoch;
  }
  OpenJournal journal(directory / "journal.db", clock, "boot-2", two_hours);
  if (dated) journal->date({1'010'000s, false, 1ms});  // three hours later by the wall
  const auto commit = one(journal, layout, clock);
  CHECK(evicted(commit, old) == (dated ? RangeSet{{2, 2}} : RangeSet{}));
  clock.advance(2h);
  if (!dated) CHECK(evicted(one(journal, layout, clock), old) == RangeSet{{2, 2}});
}

TEST_CASE(
    "by size acknowledged records go first, then the oldest samples with voids; the file stops growing") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  constexpr std::uint64_t limit = 200'000;
  OpenJournal journal(directory / "journal.db", clock, "boot-1",
                      [](journal::Settings& settings) { settings.max_bytes = limit; });
  std::vector<meter::Record> many;
  for (int i = 0; i < 200; ++i) many.push_back(sample(layout, 1, clock.boot() + i * 1s));
  journal.commit(many);
  const auto epoch = journal->current();
  journal->settle(epoch, {{100, 150}});
  RangeSet gone;
  RangeSet voided;
  bool settled_gone = false;
  for (int round = 0; round < 200; ++round) {
    for (const auto& record : many) journal->append(record);
    const auto commit = journal.commit().commits.at(0);
    gone.add(evicted(commit, epoch));
    for (const auto& said : voids(commit.records)) {
      CHECK(said.why == "evicted");
      voided.add(Range{said.first, *said.last});
    }
    if (!voided.empty() && !settled_gone) {
      CHECK(gone.contains(Range{100, 150}));  // these were first
      settled_gone = true;
    }
    CHECK(journal->status().file_bytes < limit + 100'000);
  }
  CHECK(settled_gone);
  auto unsettled_gone = gone;
  unsettled_gone.remove(Range{100, 150});
  CHECK(voided == unsettled_gone);
  CHECK_FALSE(gone.contains(1));  // Start
  // The voids themselves are all still there.
  RangeSet kept;
  for (const auto& said : voids(journal.read(epoch))) kept.add(Range{said.first, *said.last});
  CHECK(kept == voided);
}

TEST_CASE("acknowledgements that trickle in do not keep the ring from its size") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  constexpr std::uint64_t limit = 200'000;
  OpenJournal journal(directory / "journal.db", clock, "boot-1",
                      [](journal::Settings& settings) { settings.max_bytes = limit; });
  RangeSet voided;
  for (std::uint64_t round = 0; round < 60; ++round) {
    // Far more than a thirty-second of the ring in one commit, and hardly any of it acknowledged.
    for (int i = 0; i < 500; ++i) journal->append(sample(layout, 1, clock.boot() + i * 1s));
    const auto commit = journal.commit().commits.at(0);
    for (const auto& said : voids(commit.records)) voided.add(Range{said.first, *said.last});
    const auto last = commit.records.back().id.seq;
    journal->settle(journal->current(), {{last - 10, last}});
    CHECK(journal->status().file_bytes < limit + 150'000);
  }
  CHECK_FALSE(voided.empty());
}

TEST_CASE("what left the ring is known after reopening, and an epoch of which nothing is left goes too") {
  const TemporaryDirectory directory;
  ManualClock clock;
  const auto layout = plant_layout();
  EpochId first, second;
  {
    OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
    first = journal.commit({sample(layout, 0, clock.boot())})[0].id.epoch;
    journal->settle(first, {{1, 2}});
  }
  clock.advance(3h);
  {
    OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
    const auto begin = one(journal, layout, clock);
    second = begin.records[0].id.epoch;
    // It is still the one that this Start names.
    CHECK(std::get<meter::Start>(begin.records[0].record).prev->epoch == first);
    one(journal, layout, clock);
    one(journal, layout, clock);
  }
  OpenJournal journal(directory / "journal.db", clock, "boot-1", two_hours);
  REQUIRE(journal->epochs().size() == 1);
  CHECK(journal->epochs()[0].id == second);
  CHECK(journal->epochs()[0].held == RangeSet{{1, 4}});
}

TEST_CASE("the ring leaves its disk room for the log, and shrinks little because others fill the disk") {
  constexpr std::uint64_t gb = 1'000'000'000;
  CHECK(journal::ring_bytes(2 * gb, 0, 100 * gb) == 2 * gb);
  CHECK(journal::ring_bytes(2 * gb, 0, gb) == 884'000'000);
  CHECK(journal::ring_bytes(2 * gb, gb / 2, gb) == 884'000'000);
  CHECK(journal::ring_bytes(2 * gb, gb, gb) == gb - gb / 32);
  CHECK(journal::ring_bytes(gb / 2, gb, gb) == gb / 2);
}
