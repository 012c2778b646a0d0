// The one unit of each quantity, found by the name of a point.
#include "drivers/meter/quantity.hpp"

#include "tests/support/catch.hpp"

using namespace congto::meter;

TEST_CASE("a quantity has one unit, whatever phase, tariff or maximum follows in the name") {
  CHECK(unit_of_name("active_energy_import_l1") == Unit::kilowatt_hour);
  CHECK(unit_of_name("reactive_energy") == Unit::kilovar_hour);
  CHECK(unit_of_name("apparent_energy_t1") == Unit::kilovolt_ampere_hour);
  CHECK(unit_of_name("active_power") == Unit::watt);
  CHECK(unit_of_name("demand_active_power_max") == Unit::watt);
  CHECK(unit_of_name("demand_current_l1") == Unit::ampere);
  CHECK(unit_of_name("reactive_power_l3") == Unit::volt_ampere_reactive);
  CHECK(unit_of_name("apparent_power") == Unit::volt_ampere);
  CHECK(unit_of_name("voltage_l1_n") == Unit::volt);
  CHECK(unit_of_name("frequency") == Unit::hertz);
  CHECK(unit_of_name("power_factor_l2") == Unit::none);
  CHECK(unit_of_name("cos_phi_l1") == Unit::none);
  CHECK(unit_of_name("thd_voltage_l1") == Unit::percent);
  CHECK(unit_of_name("volume_forward") == Unit::cubic_metre);
  CHECK(unit_of_name("flow_rate") == Unit::cubic_metre_per_hour);
  CHECK(unit_of_name("temperature_supply") == Unit::degree_celsius);
  CHECK(unit_of_name("mass_total") == Unit::kilogram);
  CHECK(unit_of_name("mass_flow") == Unit::kilogram_per_hour);
  CHECK(unit_of_name("velocity") == Unit::metre_per_second);
}

TEST_CASE("names that only begin alike have no rule") {
  for (const auto* name :
       {"currents", "volumetric", "pulse_count_ch0", "flow_unit", "energy_forward", "reynolds", ""}) {
    INFO(name);
    CHECK_FALSE(unit_of_name(name));
  }
}

TEST_CASE("a name that goes on with another quantity has the unit of that") {
  CHECK(unit_of_name("volume_flow") == Unit::cubic_metre_per_hour);
  CHECK(unit_of_name("voltage_thd_l1") == Unit::percent);
  CHECK(unit_of_name("voltage_l1_thd") == Unit::percent);
  CHECK(unit_of_name("current_thd") == Unit::percent);
  CHECK(unit_of_name("voltage_angle_l2") == Unit::degree);
  CHECK(unit_of_name("current_angle") == Unit::degree);
  CHECK(unit_of_name("voltage_unbalance") == Unit::percent);
  CHECK(unit_of_name("current_imbalance") == Unit::percent);
  CHECK_FALSE(unit_of_name("current_tariff"));
}

TEST_CASE("pressure, humidity and heat flow have their units") {
  CHECK(unit_of_name("pressure_inlet") == Unit::bar);
  CHECK(unit_of_name("humidity") == Unit::percent);
  CHECK(unit_of_name("heat_flow") == Unit::gigajoule_per_hour);
}

TEST_CASE("a quantity further on in a name is brought to its beginning") {
  CHECK(usual_name("total_active_power") == "active_power_total");
  CHECK(usual_name("l1_voltage") == "voltage_l1");
  CHECK(usual_name("total_active_energy_import") == "active_energy_total_import");
  CHECK_FALSE(usual_name("energy_total"));
  CHECK_FALSE(usual_name("kwh_import"));
  CHECK_FALSE(usual_name("voltage_l1"));
  CHECK_FALSE(usual_name("overvoltage"));
}
