// TimeKeeper: which clock counts, and when an offset is news.
#include "agent/time/reference.hpp"

#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::timing;
using namespace std::chrono_literals;

namespace {

constexpr BootTime boot{1000s};
constexpr WallTime wall{1'772'323'200s};

KernelView view(std::chrono::microseconds wall_ahead = 0us) {
  KernelView seen;
  seen.boot = boot;
  seen.wall = wall + wall_ahead;
  return seen;
}

KernelView synchronised(std::chrono::microseconds wall_ahead = 0us) {
  auto seen = view(wall_ahead);
  seen.synchronised = true;
  seen.max_error = 12ms;
  return seen;
}

}  // namespace

TEST_CASE("an unsynchronised clock is not believed, however plausible it looks") {
  TimeKeeper keeper(false);
  CHECK_FALSE(keeper.observe(view()));
  CHECK_FALSE(keeper.offset());
  CHECK(keeper.describe() == "unknown: samples wait");
}

TEST_CASE("a synchronised clock gives the offset once") {
  TimeKeeper keeper(false);
  const auto offset = keeper.observe(synchronised());
  REQUIRE(offset);
  CHECK(offset->wall_minus_boot == wall.time_since_epoch() - boot.time_since_epoch());
  CHECK(offset->error == 12ms);
  CHECK(offset->source == Source::ntp);
  CHECK_FALSE(keeper.observe(synchronised()));
  CHECK(keeper.describe() == "ntp, error 12 ms");
}

TEST_CASE("a synchronised clock of 1970 is believed too: the year is no evidence") {
  TimeKeeper keeper(false);
  auto seen = synchronised();
  seen.wall = WallTime(5s);
  CHECK(keeper.observe(seen));
}

TEST_CASE("slewing up to 250 ms is no news, a step beyond is, in both directions") {
  TimeKeeper keeper(false);
  REQUIRE(keeper.observe(synchronised()));
  CHECK_FALSE(keeper.observe(synchronised(250ms)));
  CHECK_FALSE(keeper.observe(synchronised(-250ms)));
  CHECK(keeper.observe(synchronised(250001us)));
  CHECK_FALSE(keeper.observe(synchronised(100ms)));
  CHECK(keeper.observe(synchronised(-100ms)));
}

TEST_CASE("a step that NTP does not stand behind changes nothing") {
  TimeKeeper keeper(false);
  const auto before = keeper.observe(synchronised());
  CHECK_FALSE(keeper.observe(view(-24h)));
  CHECK(keeper.offset() == before);
}

TEST_CASE("a site that trusts its clock needs no NTP, and follows its steps") {
  TimeKeeper keeper(true);
  const auto offset = keeper.observe(view());
  REQUIRE(offset);
  CHECK(offset->source == Source::configured);
  CHECK(offset->error == 1000ms);
  CHECK(keeper.observe(view(1h)));
}

TEST_CASE("the centre's time is taken while nothing better is known") {
  TimeKeeper keeper(false);
  const auto offset = keeper.centre_says(wall, boot, 80ms);
  REQUIRE(offset);
  CHECK(offset->wall_minus_boot == wall.time_since_epoch() - boot.time_since_epoch());
  CHECK(offset->error == 80ms);
  CHECK(offset->source == Source::centre);
}

TEST_CASE("NTP replaces the centre even when they agree; the centre never replaces NTP") {
  TimeKeeper keeper(false);
  REQUIRE(keeper.centre_says(wall, boot, 80ms));
  const auto ntp = keeper.observe(synchronised());
  REQUIRE(ntp);
  CHECK(ntp->source == Source::ntp);
  CHECK_FALSE(keeper.centre_says(wall + 1h, boot, 1ms));
  CHECK(keeper.offset() == ntp);
}

TEST_CASE("the centre's time is news again only when its round trips cannot explain the difference") {
  TimeKeeper keeper(false);
  REQUIRE(keeper.centre_says(wall, boot, 80ms));
  CHECK_FALSE(keeper.centre_says(wall + 400ms, boot, 70ms));  // 250 + 80 + 70
  CHECK(keeper.centre_says(wall + 401ms, boot, 70ms));
}

TEST_CASE("an answer that took longer than a minute, or less than no time, does not date anything") {
  TimeKeeper keeper(false);
  CHECK_FALSE(keeper.centre_says(wall, boot, 60'001ms));
  CHECK_FALSE(keeper.centre_says(wall, boot, -1ms));
  CHECK(keeper.centre_says(wall, boot, 60'000ms));
}

TEST_CASE("a centre that lives before 2020 or after 2100 dates nothing") {
  TimeKeeper keeper(false);
  CHECK_FALSE(keeper.centre_says(WallTime(5s), boot, 80ms));
  CHECK_FALSE(keeper.centre_says(WallTime(1'577'836'799s), boot, 80ms));  // 2019-12-31T23:59:59Z
  CHECK_FALSE(keeper.centre_says(WallTime(4'102'444'800s), boot, 80ms));  // 2100-01-01T00:00:00Z
  CHECK(keeper.centre_says(WallTime(1'577'836'800s), boot, 80ms));
}
