// What the kernel's and timesyncd's words mean, and reading them for real.
#include "agent/time/kernel_clock.hpp"

#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::timing;
using namespace std::chrono_literals;

namespace {

constexpr BootTime boot{1000s};
constexpr WallTime wall{1'772'323'200s};

KernelDiscipline disciplined(std::chrono::microseconds error) {
  KernelDiscipline kernel;
  kernel.answered = true;
  kernel.unsynchronised = false;
  kernel.max_error = error;
  return kernel;
}

}  // namespace

TEST_CASE("a disciplined clock with an error below a second is synchronised; the error is rounded up") {
  const auto seen = judge(boot, wall, disciplined(12'001us), std::nullopt);
  CHECK(seen.synchronised);
  CHECK(seen.max_error == 13ms);
  CHECK(seen.boot == boot);
  CHECK(seen.wall == wall);
}

TEST_CASE("an error of a second or more is not synchronised") {
  CHECK(judge(boot, wall, disciplined(999'000us), std::nullopt).synchronised);
  CHECK_FALSE(judge(boot, wall, disciplined(999'001us), std::nullopt).synchronised);
  CHECK_FALSE(judge(boot, wall, disciplined(16s), std::nullopt).synchronised);
}

TEST_CASE("a kernel that says unsynchronised, or does not answer, is not believed") {
  auto kernel = disciplined(1us);
  kernel.unsynchronised = true;
  CHECK_FALSE(judge(boot, wall, kernel, std::nullopt).synchronised);
  kernel = disciplined(1us);
  kernel.answered = false;
  CHECK_FALSE(judge(boot, wall, kernel, std::nullopt).synchronised);
}

TEST_CASE("timesyncd's word counts when it was given in this boot") {
  const KernelDiscipline silent;
  const auto seen = judge(boot, wall, silent, wall - 1000s);
  CHECK(seen.synchronised);
  CHECK(seen.max_error == 1000ms);
  CHECK_FALSE(judge(boot, wall, silent, wall - 1001s).synchronised);  // before this boot
  CHECK_FALSE(judge(boot, wall, silent, wall + 1us).synchronised);    // the clock went back since
}

TEST_CASE("a clock that was set by hand is not known by an earlier sync") {
  auto kernel = disciplined(16s);
  CHECK(judge(boot, wall, kernel, wall - 100s).synchronised);
  kernel.unsynchronised = true;
  CHECK_FALSE(judge(boot, wall, kernel, wall - 100s).synchronised);
}

TEST_CASE("a better kernel bound is kept beside timesyncd's word") {
  CHECK(judge(boot, wall, disciplined(5ms), wall - 1s).max_error == 5ms);
}

TEST_CASE("timesyncd's file tells when it was touched; without it there is no word") {
  const test::TemporaryDirectory directory;
  CHECK_FALSE(timesyncd_said(directory / "synchronized"));
  std::ofstream(directory / "synchronized") << "";
  CHECK(timesyncd_said(directory / "synchronized"));
}

TEST_CASE("one look takes both clocks from the clock that was handed in") {
  const test::ManualClock clock;
  const auto seen = look(clock);
  CHECK(seen.boot == clock.boot());
  CHECK(seen.wall == clock.wall());
}

TEST_CASE("the boot id is the kernel's, the same at every reading") {
  const auto id = boot_id();
  REQUIRE(id);
  CHECK(id->size() == 36);
  CHECK(*boot_id() == *id);
}

TEST_CASE("without /proc the error names the file") {
  const test::TemporaryDirectory directory;
  const auto id = boot_id(directory / "boot_id");
  REQUIRE_FALSE(id);
  CHECK(id.error().message.find((directory / "boot_id").string()) != std::string::npos);
}
