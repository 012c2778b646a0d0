// Disks that cannot be written: a directory without the right to write, and a file system that is really
// full.
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::test;

namespace {

namespace fs = std::filesystem;

// Runs `body` in a child that has no rights beyond its own files; true when it returned true.
bool as_nobody(const std::function<bool()>& body) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    constexpr unsigned nobody = 65534;
    const bool dropped = geteuid() != 0 || (setgid(nobody) == 0 && setuid(nobody) == 0);
    _exit(dropped && body() ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool waits_in_memory(const fs::path& file) {
  const ManualClock clock;
  OpenJournal journal(file, clock);
  if (!journal || journal->status().durable) return false;
  journal->append(sample(plant_layout(), 0, clock.boot()));
  const auto told = journal.commit();
  const auto status = journal->status();
  return told.commits.empty() && status.records_in_memory == 1 && !status.trouble.empty();
}

// A small file system in `directory`; nothing where this process may not mount.
class SmallDisk {
 public:
  explicit SmallDisk(fs::path directory, const char* options = "size=1m") : directory_(std::move(directory)) {
    fs::create_directory(directory_);
    mounted_ = mount("tmpfs", directory_.c_str(), "tmpfs", 0, options) == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(directory_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  bool grow(const char* options) const {
    return mount("tmpfs", directory_.c_str(), "tmpfs", MS_REMOUNT, options) == 0;
  }
  bool mounted() const { return mounted_; }
  void fill() const {
    std::ofstream filler(directory_ / "filler", std::ios::binary);
    const std::string block(512, 'f');
    while (filler.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
  }
  void free() const { fs::remove(directory_ / "filler"); }
  fs::path file() const { return directory_ / "journal.db"; }

 private:
  fs::path directory_;
  bool mounted_ = false;
};

}  // namespace

TEST_CASE("in a directory that may not be written the journal starts, in memory, and says why") {
  const TemporaryDirectory directory;
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(as_nobody([&] { return waits_in_memory(directory / "journal.db"); }));
  fs::permissions(directory.path(), fs::perms(0755));
}

TEST_CASE("with a journal that may only be read likewise, and the file stays as it is") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  {
    OpenJournal journal(file, clock);
    journal.commit({sample(plant_layout(), 0, clock.boot())});
  }
  for (const auto& entry : fs::directory_iterator(directory.path())) fs::permissions(entry, fs::perms(0444));
  fs::permissions(directory.path(), fs::perms(0555));
  CHECK(as_nobody([&] { return waits_in_memory(file); }));
  fs::permissions(directory.path(), fs::perms(0755));
  for (const auto& entry : fs::directory_iterator(directory.path())) fs::permissions(entry, fs::perms(0644));
  OpenJournal journal(file, clock);
  CHECK(journal->epochs().size() == 1);
  CHECK(journal->status().set_aside.empty());
}

TEST_CASE("on a full disk records wait, and are written when there is room again, in a new epoch") {
  const TemporaryDirectory directory;
  const SmallDisk disk(directory / "disk");
  if (!disk.mounted()) {
    WARN("not tried: mounting takes root");
    return;
  }
  const ManualClock clock;
  const auto layout = plant_layout();
  OpenJournal journal(disk.file(), clock);
  const auto first = journal.commit({sample(layout, 0, clock.boot())})[0].id.epoch;
  disk.fill();
  // Whatever still fits into allocated pages is committed; at last nothing is.
  std::uint64_t handed_out = 1;
  std::uint64_t appended = 1;
  for (int round = 0; round < 40 && journal->status().durable; ++round) {
    for (int i = 0; i < 100; ++i, ++appended) journal->append(sample(layout, 0, clock.boot() + i * 1s));
    for (const auto& commit : journal.commit().commits) handed_out += commit.records.size();
  }
  const auto status = journal->status();
  REQUIRE_FALSE(status.durable);
  CHECK(status.trouble.find("full") != std::string::npos);
  CHECK(status.records_in_memory == appended - handed_out);
  CHECK(journal.commit().commits.empty());
  CHECK(journal.read(first).size() == handed_out + 1);  // Start and all that was handed out

  disk.free();
  const auto told = journal.commit();
  REQUIRE(told.commits.size() == 1);
  CHECK(told.commits[0].records.size() == appended - handed_out + 1);
  const auto& start = std::get<meter::Start>(told.commits[0].records[0].record);
  CHECK(start.why == "journal-blocked");
  CHECK(start.prev->epoch == first);
  CHECK(start.prev->last == handed_out + 1);
  CHECK(journal->status().durable);
}

TEST_CASE("a journal that may only be written, not read, waits in memory and is not taken for damaged") {
  const TemporaryDirectory directory;
  const ManualClock clock;
  const auto file = directory / "journal.db";
  {
    OpenJournal journal(file, clock);
    journal.commit({sample(plant_layout(), 0, clock.boot())});
  }
  REQUIRE(fs::file_size(file.string() + "-wal") > 0);
  fs::permissions(file, fs::perms(0200));
  fs::permissions(directory.path(), fs::perms(0777));
  fs::permissions(file.string() + ".lock", fs::perms(0666));
  CHECK(as_nobody([&] { return waits_in_memory(file); }));
  fs::permissions(file, fs::perms(0644));
  OpenJournal journal(file, clock);
  CHECK(journal->epochs().size() == 1);
  CHECK(journal->status().set_aside.empty());
}

TEST_CASE("a journal that may become larger than its disk keeps within it, and goes on for ever") {
  const TemporaryDirectory directory;
  const SmallDisk disk(directory / "disk", "size=32m");
  if (!disk.mounted()) {
    WARN("not tried: mounting takes root");
    return;
  }
  const ManualClock clock;
  const auto layout =
      std::make_shared<const meter::Layout>(std::vector{plant_meter("m", 80, meter::Type::u16)});
  auto wide = sample(layout, 0, clock.boot());
  for (std::size_t w = 0; w < wide.words.size(); ++w) wide.words[w] = static_cast<std::uint16_t>(w * 25'000);
  OpenJournal journal(disk.file(), clock);
  std::uint64_t handed_out = 0;
  for (int round = 0; round < 60; ++round) {  // 60 MB
    for (int i = 0; i < 5000; ++i) journal->append(wide);
    const auto told = journal.commit();
    REQUIRE(told.commits.size() == 1);
    handed_out += told.commits[0].records.size();
  }
  CHECK(handed_out > 300'000);
  CHECK(journal->status().durable);
  const auto bytes = journal->status().file_bytes;
  CHECK(bytes < 32'000'000);

  REQUIRE(disk.grow("size=64m"));
  for (int round = 0; round < 30; ++round) {
    for (int i = 0; i < 5000; ++i) journal->append(wide);
    REQUIRE(journal.commit().commits.size() == 1);
  }
  CHECK(journal->status().file_bytes > bytes + 10'000'000);
}
