// The physics of the simulated plant: values that agree with each other, counters that agree with the powers.
#include "agent/simulate/plant.hpp"

#include <cmath>
#include <map>

#include "tests/support/catch.hpp"

using namespace congto::simulate;
using congto::WallTime;
using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

const WallTime noon(std::chrono::sys_days(std::chrono::year(2026) / 3 / 2) + std::chrono::hours(5));

PlantMeter meter(std::string name, std::initializer_list<const char*> points) {
  PlantMeter made{std::move(name), {}};
  for (const char* point : points) made.quantities.push_back(quantity_of(point));
  return made;
}
PlantMeter three_phase(std::string name) {
  return meter(std::move(name), {"active_power", "voltage_l1_l2", "current_l3", "active_energy_import"});
}
PlantMeter single_phase(std::string name) {
  return meter(std::move(name), {"active_power", "voltage_l1_n", "current_l1"});
}
PlantMeter water(std::string name) { return meter(std::move(name), {"flow_rate", "volume_forward"}); }

double value(const Plant& plant, std::size_t index, const char* name) {
  const auto found = plant.model(index).value(quantity_of(name));
  INFO(name);
  REQUIRE(found.has_value());
  return *found;
}

// One instant of every ten seconds for an hour, and the odd microsecond.
template <class Check>
void for_an_hour(Plant& plant, Check check) {
  for (int i = 0; i < 360; ++i) {
    plant.advance_to(seconds(10 * i) + microseconds(i * 7919));
    check();
  }
}

}  // namespace

TEST_CASE("active, reactive and apparent power make a right triangle") {
  const std::vector meters{three_phase("compressor-1"), three_phase("crusher"), single_phase("office-light")};
  Plant plant(meters, noon, 1);
  for_an_hour(plant, [&] {
    for (std::size_t i = 0; i < meters.size(); ++i) {
      const double p = value(plant, i, "active_power");
      const double q = value(plant, i, "reactive_power");
      const double s = value(plant, i, "apparent_power");
      REQUIRE(std::abs(s * s - p * p - q * q) <= 1e-9 * s * s);
      REQUIRE(value(plant, i, "power_factor") == Approx(p / s));
      REQUIRE(p > 0);
    }
  });
}

TEST_CASE("the phases sum up to the total, and each current is its apparent power by its voltage") {
  Plant plant(std::vector{three_phase("brine-pump")}, noon, 2);
  for_an_hour(plant, [&] {
    double active = 0, current = 0;
    for (const char phase : {'1', '2', '3'}) {
      const std::string l = std::string("_l") + phase;
      const double s = value(plant, 0, ("apparent_power" + l).c_str());
      const double u = value(plant, 0, ("voltage" + l + "_n").c_str());
      const double i = value(plant, 0, ("current" + l).c_str());
      REQUIRE(s == Approx(u * i));
      active += value(plant, 0, ("active_power" + l).c_str());
      current += i;
    }
    REQUIRE(value(plant, 0, "active_power") == Approx(active));
    REQUIRE(value(plant, 0, "current_sum") == Approx(current));
    REQUIRE(value(plant, 0, "current_avg") == Approx(current / 3));
  });
}

TEST_CASE("a balanced motor obeys P = sqrt(3) U I cos phi within its small unbalance") {
  Plant plant(std::vector{three_phase("compressor-1")}, noon, 3);
  for_an_hour(plant, [&] {
    const double by_formula = std::sqrt(3.0) * value(plant, 0, "voltage_ll_avg") *
                              value(plant, 0, "current_avg") * value(plant, 0, "power_factor");
    REQUIRE(value(plant, 0, "active_power") == Approx(by_formula).epsilon(0.001));
  });
}

TEST_CASE("voltage and frequency stay where a plant's mains are") {
  Plant plant(std::vector{three_phase("compressor-1"), single_phase("office")}, noon, 4);
  for_an_hour(plant, [&] {
    REQUIRE(value(plant, 0, "voltage_l1_n") > 207);
    REQUIRE(value(plant, 0, "voltage_l1_n") < 253);
    REQUIRE(value(plant, 0, "voltage_l1_l2") ==
            Approx(std::sqrt(3.0) * value(plant, 0, "voltage_ln_avg")).epsilon(0.02));
    REQUIRE(std::abs(value(plant, 0, "frequency") - 50) < 0.2);
    REQUIRE(value(plant, 0, "frequency") == value(plant, 1, "frequency"));
  });
}

TEST_CASE("the energy counter is the integral of the reported power") {
  Plant plant(std::vector{three_phase("compressor-1")}, noon, 5);
  const double before = value(plant, 0, "active_energy_import");
  double joules = 0;
  for (int second = 0; second < 7200; ++second) {
    joules += value(plant, 0, "active_power");  // holds for this second
    plant.advance_to(seconds(second + 1));
  }
  CHECK(value(plant, 0, "active_energy_import") - before == Approx(joules / 3.6e6).epsilon(1e-9));
}

TEST_CASE("power does not change between two steps, and the counter grows with it") {
  Plant plant(std::vector{three_phase("brine-pump")}, noon, 5);
  plant.advance_to(seconds(100));
  const double power = value(plant, 0, "active_power");
  const double energy = value(plant, 0, "active_energy_import");
  plant.advance_to(seconds(100) + microseconds(400'000));
  CHECK(value(plant, 0, "active_power") == power);
  CHECK(value(plant, 0, "active_energy_import") - energy == Approx(power * 0.4 / 3.6e6).epsilon(1e-6));
}

TEST_CASE("counters never fall, by phase and tariff too, and their parts sum up") {
  Plant plant(std::vector{three_phase("compressor-1")}, noon, 6);
  std::map<std::string, double> last;
  for (int minute = 0; minute < 24 * 60; minute += 7) {
    plant.advance_to(std::chrono::minutes(minute));
    double phases = 0, tariffs = 0;
    for (const char* name :
         {"active_energy_import", "active_energy_export", "reactive_energy_import", "apparent_energy",
          "active_energy_total", "charge", "operating_time", "active_energy_import_l1",
          "active_energy_import_l2", "active_energy_import_l3", "active_energy_import_t1",
          "active_energy_import_t2", "active_energy_import_t3", "active_energy_import_t4"}) {
      const double now = value(plant, 0, name);
      REQUIRE(now >= last[name]);
      last[name] = now;
      if (std::string_view(name).starts_with("active_energy_import_l")) phases += now;
      if (std::string_view(name).starts_with("active_energy_import_t")) tariffs += now;
    }
    REQUIRE(phases == Approx(last["active_energy_import"]));
    REQUIRE(tariffs == Approx(last["active_energy_import"]));
  }
}

TEST_CASE("a day's energy falls into the tariffs of its hours") {
  Plant plant(std::vector{three_phase("agitator")}, noon, 7);
  std::array<double, 3> before{};
  const std::array names{"active_energy_import_t1", "active_energy_import_t2", "active_energy_import_t3"};
  for (std::size_t i = 0; i < 3; ++i) before[i] = value(plant, 0, names[i]);
  plant.advance_to(
      std::chrono::hours(24));  // Monday noon to Tuesday noon: 13 h normal, 5 h peak, 6 h off-peak
  double all = 0;
  std::array<double, 3> used{};
  for (std::size_t i = 0; i < 3; ++i) all += used[i] = value(plant, 0, names[i]) - before[i];
  CHECK(used[0] / all == Approx(13.0 / 24).margin(0.03));
  CHECK(used[1] / all == Approx(5.0 / 24).margin(0.03));
  CHECK(used[2] / all == Approx(6.0 / 24).margin(0.03));
}

TEST_CASE("a compressor cycles, and draws far more current than power when it starts") {
  Plant plant(std::vector{three_phase("compressor-1")}, noon, 8);
  int runs = 0;
  bool ran = value(plant, 0, "active_power") > 5'000;
  double at_start = 0, running = 0;
  for (int second = 1; second < 4 * 3600; ++second) {
    plant.advance_to(seconds(second));
    const bool runs_now = value(plant, 0, "active_power") > 5'000;
    if (runs_now && !ran) {
      ++runs;
      at_start = value(plant, 0, "current_l1");
    } else if (runs_now) {
      running = value(plant, 0, "current_l1");
    }
    ran = runs_now;
  }
  CHECK(runs >= 3);
  CHECK(at_start > 3 * running);
  CHECK(at_start < 8 * running);
}

TEST_CASE("ice is made at night: a compressor uses more off-peak than in the peak") {
  Plant plant(std::vector{three_phase("compressor-1")}, noon, 9);
  const auto used = [&](std::chrono::hours from, std::chrono::hours to) {
    plant.advance_to(from);
    const double before = value(plant, 0, "active_energy_import");
    plant.advance_to(to);
    return value(plant, 0, "active_energy_import") - before;
  };
  double peak = 0, night = 0;
  for (int day = 0; day < 5; ++day) {
    const std::chrono::hours noon_of_day(24 * day);
    peak += used(noon_of_day + std::chrono::hours(5), noon_of_day + std::chrono::hours(8));
    night += used(noon_of_day + std::chrono::hours(11), noon_of_day + std::chrono::hours(14));
  }
  CHECK(night > 1.05 * peak);
}

TEST_CASE("the main meter is the sum of the others") {
  const std::vector meters{three_phase("main-incomer"), three_phase("compressor-1"), single_phase("office"),
                           water("well")};
  Plant plant(meters, noon, 10);
  const double before = value(plant, 0, "active_energy_import");
  const double before_1 = value(plant, 1, "active_energy_import");
  const double before_2 = value(plant, 2, "active_energy_import");
  for_an_hour(plant, [&] {
    REQUIRE(value(plant, 0, "active_power") ==
            Approx(value(plant, 1, "active_power") + value(plant, 2, "active_power")));
  });
  CHECK(value(plant, 0, "active_energy_import") - before ==
        Approx(value(plant, 1, "active_energy_import") - before_1 + value(plant, 2, "active_energy_import") -
               before_2));
}

TEST_CASE("a main meter alone behaves like a big load") {
  Plant plant(std::vector{three_phase("main")}, noon, 10);
  CHECK(value(plant, 0, "active_power") > 50'000);
}

TEST_CASE("volume is the integral of the flow, which stops and starts") {
  Plant plant(std::vector{water("cooling-tower-water")}, noon, 11);
  const double before = value(plant, 0, "volume_forward");
  double flow_hours = 0;
  int still = 0, flowing = 0;
  for (int second = 0; second < 7200; ++second) {
    const double flow = value(plant, 0, "flow_rate");
    ++(flow > 0 ? flowing : still);
    flow_hours += flow / 3600;
    plant.advance_to(seconds(second + 1));
  }
  CHECK(value(plant, 0, "volume_forward") - before == Approx(flow_hours).epsilon(1e-9));
  CHECK(still > 0);
  CHECK(flowing > 0);
  CHECK(value(plant, 0, "volume_reverse") == 0);
}

TEST_CASE("meters begin with the counters of a past life") {
  const std::vector meters{three_phase("compressor-1"), single_phase("office"), water("well")};
  Plant plant(meters, noon, 12);
  CHECK(value(plant, 0, "active_energy_import") > 10'000);
  CHECK(value(plant, 0, "active_energy_import") < 100'000);
  CHECK(value(plant, 1, "active_energy_import") > 2'000);
  CHECK(value(plant, 2, "volume_forward") > 1'000);
}

TEST_CASE("a counter that users clear begins at zero and grows with the other") {
  Plant plant(std::vector{three_phase("brine-pump")}, noon, 13);
  CHECK(value(plant, 0, "active_energy_resettable") == 0);
  const double before = value(plant, 0, "active_energy_import");
  plant.advance_to(std::chrono::hours(3));
  CHECK(value(plant, 0, "active_energy_resettable") ==
        Approx(value(plant, 0, "active_energy_import") - before));
}

TEST_CASE("a single-phase meter draws what one circuit carries, and has no other phase") {
  Plant plant(std::vector{single_phase("crusher")}, noon, 14);
  for_an_hour(plant, [&] {
    REQUIRE(value(plant, 0, "active_power") < 8'000);
    REQUIRE(value(plant, 0, "active_power_l2") == 0);
    REQUIRE(value(plant, 0, "active_power_l1") == value(plant, 0, "active_power"));
    REQUIRE(value(plant, 0, "current_n") == value(plant, 0, "current_l1"));
  });
}

TEST_CASE("the same seed gives the same plant, another seed another") {
  const std::vector meters{three_phase("compressor-1"), water("well")};
  Plant one(meters, noon, 20), same(meters, noon, 20), other(meters, noon, 21);
  one.advance_to(std::chrono::hours(1));
  for (int minute = 1; minute <= 60; ++minute) same.advance_to(std::chrono::minutes(minute));
  other.advance_to(std::chrono::hours(1));
  CHECK(value(one, 0, "active_power") == value(same, 0, "active_power"));
  CHECK(value(one, 0, "active_energy_import") == Approx(value(same, 0, "active_energy_import")));
  CHECK(value(one, 0, "active_energy_import") != value(other, 0, "active_energy_import"));
}

TEST_CASE("time that goes back changes nothing") {
  Plant plant(std::vector{three_phase("compressor-1")}, noon, 22);
  plant.advance_to(seconds(100));
  const double energy = value(plant, 0, "active_energy_import");
  plant.advance_to(seconds(50));
  CHECK(value(plant, 0, "active_energy_import") == energy);
}

TEST_CASE("a meter measures nothing of another medium") {
  Plant plant(std::vector{water("well"), three_phase("pump"), meter("room", {"temperature"})}, noon, 23);
  CHECK_FALSE(plant.model(0).value(quantity_of("active_power")).has_value());
  CHECK_FALSE(plant.model(1).value(quantity_of("volume_forward")).has_value());
  CHECK_FALSE(plant.model(2).value(quantity_of("active_power")).has_value());
  CHECK(value(plant, 2, "temperature") > 10);
  CHECK_FALSE(plant.model(0).value(Quantity{}).has_value());
}
