// Local time and tariff periods of the simulated plant.
#include "agent/simulate/plant_time.hpp"
#include "tests/support/catch.hpp"

using namespace congto::simulate;
using congto::WallTime;

namespace {

// 2026-03-01 is a Sunday.
WallTime utc(std::chrono::day day, std::chrono::minutes time) {
  return WallTime(std::chrono::sys_days(std::chrono::year(2026) / 3 / day) + time);
}

}  // namespace

TEST_CASE("Vietnam is seven hours ahead of UTC") {
  const LocalTime time = local_time(utc(std::chrono::day(1), std::chrono::minutes(18 * 60 + 30)));
  CHECK(time.weekday == 1);
  CHECK(time.hour == Approx(1.5));
}

TEST_CASE("tariff periods begin at their first minute and end before their last") {
  struct Row {
    double hour;
    Tariff tariff;
  };
  for (const Row& row : {Row{0, Tariff::off_peak}, Row{3.99, Tariff::off_peak}, Row{4, Tariff::normal},
                         Row{9.49, Tariff::normal}, Row{9.5, Tariff::peak}, Row{11.49, Tariff::peak},
                         Row{11.5, Tariff::normal}, Row{17, Tariff::peak}, Row{19.99, Tariff::peak},
                         Row{20, Tariff::normal}, Row{21.99, Tariff::normal}, Row{22, Tariff::off_peak}}) {
    INFO(row.hour);
    CHECK(tariff_at({3, row.hour}) == row.tariff);
  }
}

TEST_CASE("Sunday has no peak") {
  CHECK(tariff_at({0, 10}) == Tariff::normal);
  CHECK(tariff_at({0, 18}) == Tariff::normal);
  CHECK(tariff_at({0, 23}) == Tariff::off_peak);
}
