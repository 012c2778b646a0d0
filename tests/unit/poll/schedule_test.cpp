// When meters are due: wall-clock slots, no meter twice, nothing missed goes uncounted.
#include "agent/poll/schedule.hpp"

#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/manual_clock.hpp"

using namespace std::chrono_literals;
using congto::BootTime;
using congto::poll::Schedule;
using congto::test::ManualClock;

namespace {

const std::vector<bool> one_ready{true};
const std::vector<bool> two_ready{true, true};

std::chrono::microseconds wall_of(const ManualClock& clock, BootTime slot) {
  return (clock.wall() - (clock.boot() - slot)).time_since_epoch();
}

}  // namespace

TEST_CASE("slots lie on wall-clock multiples of the interval") {
  ManualClock clock;
  clock.advance(7min + 3s);
  Schedule schedule({15min});
  schedule.align(clock.boot(), clock.wall());
  REQUIRE(!schedule.take(clock.boot(), one_ready));
  clock.advance(7min + 57s);
  const auto due = schedule.take(clock.boot(), one_ready);
  REQUIRE(due);
  CHECK(due->slot == clock.boot());
  CHECK(wall_of(clock, due->slot) % 15min == 0us);
}

TEST_CASE("a meter that was taken is not due again before its next slot") {
  ManualClock clock;
  Schedule schedule({10s});
  schedule.align(clock.boot(), clock.wall());
  clock.advance(10s);
  REQUIRE(schedule.take(clock.boot(), one_ready));
  CHECK(!schedule.take(clock.boot(), one_ready));
  clock.advance(9'999ms);
  CHECK(!schedule.take(clock.boot(), one_ready));
  CHECK(schedule.next(one_ready) == clock.boot() + 1ms);
  clock.advance(1ms);
  CHECK(schedule.take(clock.boot(), one_ready));
}

TEST_CASE("a late poll is for the newest slot and the older ones are missed") {
  ManualClock clock;
  Schedule schedule({1s});
  schedule.align(clock.boot(), clock.wall());
  const auto start = clock.boot();
  clock.advance(3'400ms);
  const auto due = schedule.take(clock.boot(), one_ready);
  REQUIRE(due);
  CHECK(due->slot == start + 3s);
  CHECK(due->missed == 2);
  CHECK(due->missed_from == start + 1s);
  CHECK(due->missed_to == start + 2s);
}

TEST_CASE("the meter that has waited longest comes first") {
  ManualClock clock;
  Schedule schedule({10s, 1s});
  schedule.align(clock.boot(), clock.wall());
  clock.advance(10s);
  CHECK(schedule.take(clock.boot(), two_ready)->meter == 1);
  CHECK(schedule.take(clock.boot(), two_ready)->meter == 0);
}

TEST_CASE("a meter that is not ready waits and its slots are counted when it is") {
  ManualClock clock;
  Schedule schedule({1s, 1s});
  schedule.align(clock.boot(), clock.wall());
  for (int second = 0; second < 5; ++second) {
    clock.advance(1s);
    CHECK(schedule.take(clock.boot(), {false, true})->meter == 1);
    CHECK(!schedule.take(clock.boot(), {false, true}));
  }
  const auto due = schedule.take(clock.boot(), two_ready);
  REQUIRE(due);
  CHECK(due->meter == 0);
  CHECK(due->missed == 4);
}

TEST_CASE("after a step of the clock the slots lie on the new wall clock") {
  ManualClock clock;
  Schedule schedule({10s});
  schedule.align(clock.boot(), clock.wall());
  clock.advance(10s);
  REQUIRE(schedule.take(clock.boot(), one_ready));
  clock.advance(1s);
  clock.step(1h + 3s);
  schedule.align(clock.boot(), clock.wall());
  const auto next = schedule.next(one_ready);
  REQUIRE(next);
  CHECK(*next > clock.boot() - 1s);
  CHECK(wall_of(clock, *next) % 10s == 0us);
}

TEST_CASE("a clock before 1970 still has slots ahead") {
  ManualClock clock;
  clock.step(-60 * 366 * 24h);
  Schedule schedule({15min});
  schedule.align(clock.boot(), clock.wall());
  const auto next = schedule.next(one_ready);
  REQUIRE(next);
  CHECK(*next > clock.boot());
  CHECK(*next <= clock.boot() + 15min);
}

TEST_CASE("at the end the slots that came and were not polled are given up, each once") {
  ManualClock clock;
  Schedule schedule({1s});
  schedule.align(clock.boot(), clock.wall());
  CHECK(!schedule.give_up(0, clock.boot()));
  clock.advance(2'500ms);
  const auto rest = schedule.give_up(0, clock.boot());
  REQUIRE(rest);
  CHECK(rest->missed == 2);
  CHECK(!schedule.give_up(0, clock.boot()));
}

TEST_CASE("every slot is polled or missed exactly once, whatever the delays") {
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    ManualClock clock;
    Schedule schedule({1s});
    schedule.align(clock.boot(), clock.wall());
    const auto start = clock.boot();
    std::uint64_t covered = 0;
    BootTime last = start;
    for (int step = 0; step < 200; ++step) {
      clock.advance(std::chrono::milliseconds(random() % 2500));
      if (const auto due = schedule.take(clock.boot(), one_ready)) {
        covered += due->missed + 1;
        if (due->missed > 0) CHECK(due->missed_from == last + 1s);
        last = due->slot;
      }
    }
    CHECK(covered == static_cast<std::uint64_t>((last - start) / 1s));
  }
}
