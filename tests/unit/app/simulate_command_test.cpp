// Exit codes of `congto simulate`: 2 for what the user must put right, 1 for what this machine does not give.
#include <filesystem>
#include <fstream>
#include <limits>

#include "agent/app/commands.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;

namespace {

app::SimulateOptions options_in(const test::TemporaryDirectory& folder) {
  std::ofstream(folder / "site.toml") << R"([[bus]]
name = "line-1"
serial = "/dev/ttyUSB0"
[[meter]]
name = "pump"
bus = "line-1"
unit-id = 1
profile = "eastron-sdm230"
every = "10s"
)";
  app::SimulateOptions options;
  options.file = folder / "site.toml";
  options.directory = folder / "run";
  options.profile_folders.emplace_back(CONGTO_SOURCE_DIR "/config/meters");
  return options;
}

}  // namespace

TEST_CASE("a speed at which no counter runs forwards is wrong use") {
  const test::TemporaryDirectory folder;
  auto options = options_in(folder);
  for (const double speed :
       {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    options.speed = speed;
    CHECK(app::simulate(options) == app::wrong_use);
  }
  CHECK_FALSE(std::filesystem::exists(options.directory));
}

TEST_CASE("a site that is a folder, or a fault of no meter, is wrong use") {
  const test::TemporaryDirectory folder;
  auto options = options_in(folder);
  options.faults = {"pumpe=silent"};
  CHECK(app::simulate(options) == app::wrong_use);
  options.faults.clear();
  options.file = folder.path();
  CHECK(app::simulate(options) == app::wrong_use);
}

TEST_CASE("a folder for the copy that cannot be made is a failed job") {
  const test::TemporaryDirectory folder;
  auto options = options_in(folder);
  options.directory = folder / "site.toml" / "run";
  CHECK(app::simulate(options) == app::failed);
}
