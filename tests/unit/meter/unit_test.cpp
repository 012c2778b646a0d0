// Units: the closed list, and what other lists call them.
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

TEST_CASE("another letter case counts only where it leaves one unit") { CHECK_FALSE(known_elsewhere("mw")); }

TEST_CASE("volumes, flows and pressures of other lists") {
  const auto is = [](std::string_view written, Unit unit, std::string_view scale) {
    const auto hint = known_elsewhere(written);
    return hint && hint->unit == unit && hint->scale == scale;
  };
  for (const auto* written : {"kL", "kl", "KL"}) CHECK(is(written, Unit::cubic_metre, "1"));
  CHECK(is("ft3", Unit::cubic_metre, "0.028316846592"));
  CHECK(is("gal/min", Unit::cubic_metre_per_hour, "0.22712470704"));
  CHECK(is("m³/s", Unit::cubic_metre_per_hour, "3600"));
  CHECK(is("m³/min", Unit::cubic_metre_per_hour, "60"));
  CHECK(is("PSI", Unit::bar, "0.0689475729"));
}

TEST_CASE("a capital M is no milli") {
  for (const auto* written : {"MV", "MA", "MHz", "Ms"}) CHECK_FALSE(known_elsewhere(written));
  CHECK(known_elsewhere("ma")->scale == "0.001");
  CHECK(known_elsewhere("MBAR")->scale == "0.001");
}

TEST_CASE("a scale leads from one unit to another of the same quantity only") {
  CHECK(scale_between(Unit::hour, Unit::second) == "3600");
  CHECK(scale_between(Unit::pascal, Unit::bar) == "0.00001");
  CHECK(scale_between(Unit::volt, Unit::volt) == "1");
  CHECK_FALSE(scale_between(Unit::volt, Unit::ampere));
  CHECK_FALSE(scale_between(Unit::kilowatt_hour, Unit::kilovar_hour));
  for (const Unit from : all_units()) {
    for (const Unit to : all_units()) {
      const auto there = scale_between(from, to);
      CHECK(there.has_value() == scale_between(to, from).has_value());
      if (there) CHECK(congto::Decimal::parse(*there));
    }
  }
}
