// What `congto check` prints of a site: every request that will be on the wire, the rare ones too.
#include "agent/app/plan_report.hpp"

#include <fstream>

#include <boost/json/parse.hpp>

#include "agent/app/settings.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;

namespace {

meter::Site site_with_info() {
  const test::TemporaryDirectory folder;
  std::ofstream(folder / "own.toml") << R"(vendor = "Test"
model = "two registers"
medium = "electricity"
function = 3
[points]
voltage_l1_n = { at = 0, type = "u16", scale = 0.1, unit = "V" }
version      = { at = 100, type = "u16", kind = "info" }
)";
  std::ofstream(folder / "site.toml") << R"(site = "test"
agent = "test-edge"
[[bus]]
name = "line-1"
tcp = "10.0.0.5:502"
[[meter]]
name = "pump"
bus = "line-1"
profile = "own.toml"
every = "10s"
)";
  const auto reading = app::read_settings(folder / "site.toml", folder.path());
  REQUIRE(reading.errors.empty());
  return reading.settings.plant;
}

}  // namespace

TEST_CASE("check lists the requests of every poll, and those of the info points as such") {
  const meter::Site site = site_with_info();
  const std::string text = app::text(app::plan_site(site));
  CHECK(text.find("function 3, 0-0 (1), 1 points\n") != std::string::npos);
  CHECK(text.find("function 3, 100-100 (1), 1 points, at start and daily\n") != std::string::npos);
}

TEST_CASE("for scripts the requests of the info points stand apart from those of every poll") {
  const meter::Site site = site_with_info();
  const auto plan = boost::json::parse(app::json(app::plan_site(site)));
  const auto& meter = plan.at("buses").at(0).at("meters").at(0);
  REQUIRE(meter.at("reads").as_array().size() == 1);
  CHECK(meter.at("reads").at(0).at("at").as_int64() == 0);
  REQUIRE(meter.at("info_reads").as_array().size() == 1);
  CHECK(meter.at("info_reads").at(0).at("at").as_int64() == 100);
}
