// kill -9 in the middle of appending and committing: nothing that was handed out is lost, nothing changes its
// name. The writer is a child process; what it was handed it tells through a pipe.
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <future>
#include <map>
#include <random>

#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

// What the child says of each record when it is handed out: fits a pipe's atomic write.
struct Told {
  std::array<std::uint8_t, 16> epoch;
  std::uint64_t seq;
  std::uint16_t value;  // of a sample's first word; 0 for a Start
};

std::uint16_t value_of(const meter::Record& record) {
  const auto* polled = std::get_if<meter::Sample>(&record);
  return polled == nullptr ? std::uint16_t{0} : polled->words[0];
}

// Appends and commits until it is killed.
[[noreturn]] void write_for_ever(const std::filesystem::path& file, int pipe_end) {
  const SystemClock clock;
  const auto layout = plant_layout();
  journal::Settings settings;
  settings.file = file;
  settings.agent = "test-agent";
  settings.boot_id = "boot-1";
  settings.commit_period = 1ms;
  journal::Handlers handlers;
  handlers.committed = [&](const journal::Commit& commit) {
    for (const auto& record : commit.records) {
      const Told told{record.id.epoch.bytes(), record.id.seq, value_of(record.record)};
      if (write(pipe_end, &told, sizeof told) != sizeof told) _exit(3);
    }
  };
  auto journal = journal::Journal::open(settings, clock, handlers);
  if (!journal) _exit(2);
  for (std::uint16_t value = 1;; ++value) {
    (*journal)->append(sample(layout, 1, clock.boot(), value == 0 ? std::uint16_t{1} : value));
    if (value % 64 == 0) (*journal)->settle((*journal)->current(), {{1, value / 2U}});
    if (value % 512 == 0) {
      // The writer must not run ahead of the disk for ever; in between commits come by their period.
      std::promise<void> committed;
      (*journal)->commit_now([&] { committed.set_value(); });
      committed.get_future().wait();
    }
  }
}

// Runs a writer, kills it after at least `enough` records were handed out, and gives all that it told.
std::vector<Told> run_and_kill(const std::filesystem::path& file, std::size_t enough) {
  std::array<int, 2> ends{};
  REQUIRE(pipe(ends.data()) == 0);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(ends[0]);
    write_for_ever(file, ends[1]);
  }
  close(ends[1]);
  std::vector<Told> all;
  Told told{};
  while (read(ends[0], &told, sizeof told) == sizeof told) {
    all.push_back(told);
    if (all.size() == enough) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  return all;
}

}  // namespace

TEST_CASE("kill -9 loses nothing that was handed out, over many runs on one file") {
  const TemporaryDirectory directory;
  const auto file = directory / "journal.db";
  std::mt19937 random(7);
  std::map<EpochId, std::map<std::uint64_t, std::uint16_t>> handed_out;
  for (int run = 0; run < 15; ++run) {
    for (const auto& told : run_and_kill(file, 1 + random() % 3000)) {
      const auto [at, fresh] = handed_out[EpochId(told.epoch)].emplace(told.seq, told.value);
      REQUIRE(fresh);  // no name twice
    }
  }
  REQUIRE(handed_out.size() == 15);

  const SystemClock clock;
  OpenJournal journal(file, clock);
  CHECK(journal->status().set_aside.empty());
  const auto epochs = journal->epochs();
  REQUIRE(epochs.size() == 15);
  for (const auto& epoch : epochs) {
    const auto& expected = handed_out.at(epoch.id);
    CHECK(epoch.last >= expected.rbegin()->first);
    std::map<std::uint64_t, std::uint16_t> found;
    for (const auto& record : journal.read(epoch.id)) found.emplace(record.id.seq, value_of(record.record));
    CHECK(found.size() == epoch.last);  // without holes
    for (const auto& [seq, value] : expected) REQUIRE(found.at(seq) == value);
  }
  // And the chain holds: each Start names the run before and its last number, whatever the pipe still held
  // back.
  for (std::size_t i = 1; i < epochs.size(); ++i) {
    const auto start = std::get<meter::Start>(journal.read(epochs[i].id, {{1, 1}}).at(0).record);
    REQUIRE(start.prev);
    CHECK(start.prev->epoch == epochs[i - 1].id);
    CHECK(start.prev->last == epochs[i - 1].last);
    CHECK(start.why == "crash");
  }
}
