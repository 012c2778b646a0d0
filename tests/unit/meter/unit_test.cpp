// Units: the closed list, what other lists call them, and the one unit of each quantity.
#include "drivers/meter/unit.hpp"

#include "drivers/core/decimal.hpp"
#include "tests/support/catch.hpp"

using namespace congto::meter;

TEST_CASE("every unit has a text of its own, which parses back") {
  for (const Unit unit : all_units()) {
    CHECK(parse_unit(text(unit)) == unit);
    CHECK_FALSE(known_elsewhere(text(unit)));
  }
  CHECK_FALSE(parse_unit(""));
  CHECK_FALSE(parse_unit("kwh"));
}

TEST_CASE("a unit of other lists has the scale that brings it to ours") {
  const auto check = [](std::string_view written, Unit unit, std::string_view scale) {
    INFO(written);
    const auto hint = known_elsewhere(written);
    REQUIRE(hint);
    CHECK(hint->unit == unit);
    CHECK(hint->scale == scale);
    CHECK(congto::Decimal::parse(hint->scale));
  };
  check("MWh", Unit::kilowatt_hour, "1000");
  check("Wh", Unit::kilowatt_hour, "0.001");
  check("kW", Unit::watt, "1000");
  check("l", Unit::cubic_metre, "0.001");
  check("l/s", Unit::cubic_metre_per_hour, "3.6");
  check("l/min", Unit::cubic_metre_per_hour, "0.06");
  check("m³", Unit::cubic_metre, "1");
  check("KW", Unit::watt, "1000");
  check("KVAR", Unit::volt_ampere_reactive, "1000");
  check("kva", Unit::volt_ampere, "1000");
  check("LPM", Unit::cubic_metre_per_hour, "0.06");
  CHECK_FALSE(known_elsewhere("parsec"));
}

TEST_CASE("another letter case counts only where it leaves one unit") {
  CHECK_FALSE(known_elsewhere("mw"));
}

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
