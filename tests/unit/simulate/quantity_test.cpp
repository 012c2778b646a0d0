// What the names of points mean to a simulated meter.
#include "agent/simulate/quantity.hpp"
#include "tests/support/catch.hpp"

using namespace congto::simulate;

TEST_CASE("a phase, a tariff and a second encoding are told from the name") {
  const Quantity one = quantity_of("active_energy_import_l2_t1");
  CHECK(one.what == What::active_energy_import);
  CHECK(one.phase == 1U);
  CHECK(one.tariff == 0U);
  CHECK(quantity_of("active_energy_import_f32") == quantity_of("active_energy_import"));
  CHECK(quantity_of("power_factor_l3_4q") == quantity_of("power_factor_l3"));
  CHECK(quantity_of("cos_phi_l1") == quantity_of("power_factor_l1"));
}

TEST_CASE("voltages to neutral, between phases and their averages differ") {
  CHECK(quantity_of("voltage_l1_n").between == Between::neutral);
  CHECK(quantity_of("voltage_l1_n").phase == 0U);
  const Quantity between = quantity_of("voltage_l3_l1");
  CHECK(between.between == Between::phases);
  CHECK(between.phase == 2U);
  CHECK(quantity_of("voltage_ll_avg").between == Between::phases);
  CHECK_FALSE(quantity_of("voltage_ll_avg").phase);
  CHECK(quantity_of("voltage_ln_avg").between == Between::neutral);
}

TEST_CASE("the neutral conductor has a current of its own") {
  CHECK(quantity_of("current_n").neutral_conductor);
  CHECK_FALSE(quantity_of("current_l1").neutral_conductor);
  CHECK_FALSE(quantity_of("voltage_l1_n").neutral_conductor);
  CHECK(quantity_of("demand_current_n_max").neutral_conductor);
  CHECK(quantity_of("demand_current_n_max").over == Over::maximum);
}

TEST_CASE("sums and averages of currents differ") {
  CHECK(quantity_of("current_sum").over == Over::sum);
  CHECK(quantity_of("current_avg").over == Over::average);
}

TEST_CASE("a counter that users clear, and the halves of a totalizer, are told apart") {
  CHECK(quantity_of("active_energy_resettable").since_reset);
  CHECK(quantity_of("active_energy_import_partial").since_reset);
  CHECK(quantity_of("volume_forward_int").part == Part::integer);
  CHECK(quantity_of("volume_forward_frac").part == Part::fraction);
}

TEST_CASE("a name without a meaning is unknown, never guessed") {
  for (const char* name : {"", "l1", "n", "status", "word_order_setting", "serial_number", "active_energy_dg",
                           "rollover_count_active_energy_import", "volume_net_x"}) {
    INFO(name);
    CHECK(quantity_of(name).what == What::unknown);
  }
}

TEST_CASE("quantities know what kind of meter they are of") {
  CHECK(quantity_of("active_power").electric());
  CHECK(quantity_of("charge").electric());
  CHECK(quantity_of("volume_forward").flow());
  CHECK(quantity_of("flow_rate").flow());
  CHECK_FALSE(quantity_of("temperature").electric());
  CHECK_FALSE(quantity_of("temperature").flow());
}
