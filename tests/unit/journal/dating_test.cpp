// Estimates for boots that ended without time: always within what is known on either side.
#include "agent/journal/dating.hpp"

#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::journal;
using namespace std::chrono_literals;

namespace {

constexpr WallTime noon{1'772'366'400s};

WallTime begin(const meter::Dating& dating) { return dating.wall(BootTime{}); }

}  // namespace

TEST_CASE("a boot between two known times lies in the middle, and half the slack is its error") {
  // Known until noon; the box was up for 1 h without time; the next boot began at 15:00: 2 h of slack.
  const auto dated = estimate({{"b", BootTime(1h), noon - 1h}}, noon, noon + 3h);
  REQUIRE(dated.size() == 1);
  CHECK(dated[0].estimated);
  CHECK(begin(dated[0]) == noon + 1h);
  CHECK(dated[0].error == 1h);
}

TEST_CASE("several lost boots keep their order and do not overlap") {
  const std::vector<LostBoot> boots{
      {"b", BootTime(1h), noon}, {"c", BootTime(2h), noon}, {"d", BootTime(30min), noon}};
  const auto dated = estimate(boots, noon, noon + 5h);
  REQUIRE(dated.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(dated[i].error == 45min);  // (5 h - 3.5 h) / 2
    // Between the earliest and the latest possible begin.
    CHECK(begin(dated[i]) - dated[i].error >= noon);
    CHECK(dated[i].wall(boots[i].last) + dated[i].error <= noon + 5h);
    if (i > 0) CHECK(begin(dated[i]) >= dated[i - 1].wall(boots[i - 1].last));
  }
}

TEST_CASE("without slack the date is exact") {
  const auto dated = estimate({{"b", BootTime(1h), noon}}, noon, noon + 1h);
  CHECK(begin(dated[0]) == noon);
  CHECK(dated[0].error == 0ms);
}

TEST_CASE(
    "with nothing known before, the latest possible date is taken, and its own clock bounds the error") {
  const auto dated = estimate({{"b", BootTime(1h), noon - 5h}}, std::nullopt, noon);
  CHECK(begin(dated[0]) == noon - 1h);
  CHECK(dated[0].error == 4h);
}

TEST_CASE("contradicting references leave an error that covers both") {
  // Known until noon, yet the next boot is said to have begun at 11:00.
  const auto dated = estimate({{"b", BootTime(0s), noon}}, noon, noon - 1h);
  CHECK(begin(dated[0]) == noon - 30min);
  CHECK(dated[0].error == 30min);
}

TEST_CASE("no lost boots, no datings") { CHECK(estimate({}, noon, noon).empty()); }
