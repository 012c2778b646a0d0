// What keeps a simulation from starting, and what it says then.
#include "agent/simulate/run_simulation.hpp"

#include <fstream>
#include <sstream>

#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::simulate;

namespace {

const std::string site = R"([[bus]]
name = "line-1"
serial = "/dev/ttyUSB0"
[[meter]]
name = "pump"
bus = "line-1"
unit-id = 1
profile = "eastron-sdm230"
every = "10s"
)";

struct Start {
  explicit Start(const std::string& text) {
    std::ofstream(folder / "site.toml") << text;
    options.file = folder / "site.toml";
    options.directory = folder / "run";
    options.profile_folders.emplace_back(CONGTO_SOURCE_DIR "/config/meters");
  }
  std::string error() const {
    const auto simulated = read_simulated_site(options);
    REQUIRE(simulated.has_error());
    return simulated.error().message;
  }
  test::TemporaryDirectory folder;
  Options options;
};

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a site that cannot be read is named") {
  Start start(site);
  start.options.file = start.folder / "none.toml";
  CHECK(contains(start.error(), "none.toml"));
}

TEST_CASE("everything wrong with a site's meters is said, with its line") {
  Start start(site +
              "[[meter]]\nname = \"a\"\nbus = \"line-2\"\nunit-id = 300\nprofile = \"eastron-sdm230\"\nevery "
              "= \"1s\"\n");
  const std::string error = start.error();
  CHECK(contains(error, "site.toml:12:"));
  CHECK(contains(error, "site.toml:13:"));
  CHECK_FALSE(std::filesystem::exists(start.folder / "run"));
}

TEST_CASE("text that is not TOML is refused with its line") {
  Start start(site + "[[meter\n");
  CHECK(contains(start.error(), "site.toml:10:"));
}

TEST_CASE("a fault of a meter that the site lacks is refused") {
  Start start(site);
  start.options.faults = {{"pumpe", Fault{FaultKind::silent, {}, 0}}};
  CHECK(contains(start.error(), "no meter \"pumpe\""));
}

TEST_CASE("the site itself is never replaced by its copy, nor any file that simulate did not write") {
  Start start(site);
  start.options.directory = start.folder.path();
  CHECK(contains(start.error(), "would replace it"));
  std::filesystem::create_directories(start.folder / "other");
  std::ofstream(start.folder / "other/site.toml") << "# somebody's";
  start.options.directory = start.folder / "other";
  CHECK(contains(start.error(), "not written by simulate"));
}

TEST_CASE("a folder is no site") {
  Start start(site);
  start.options.file = start.folder.path();
  CHECK(contains(start.error(), "not a regular file"));
}

TEST_CASE("a folder that cannot be made is named") {
  Start start(site);
  std::ofstream(start.folder / "file") << "x";
  start.options.directory = start.folder / "file" / "run";
  const auto simulated = read_simulated_site(start.options);
  REQUIRE(simulated.has_value());
  std::ostringstream out;
  const auto served = run_simulation(start.options, *simulated, out);
  REQUIRE(served.has_error());
  CHECK(out.str().empty());
  CHECK(contains(served.error().message, "file/run"));
}

TEST_CASE("a copy that would publish as the plant is warned of, and nothing is made") {
  const std::string head = "agent = \"edge-1\"\n[uplink]\nbroker = \"mqtts://centre.example:8883\"\n";
  Start start(head + site);
  const auto simulated = read_simulated_site(start.options);
  REQUIRE(simulated.has_value());
  CHECK(contains(simulated->warning, "mqtts://centre.example:8883"));
  CHECK(contains(simulated->warning, "edge-1"));
  CHECK_FALSE(std::filesystem::exists(start.folder / "run"));
}

TEST_CASE("a broker on this machine, or none, needs no warning") {
  for (const std::string broker : {"mqtt://127.0.0.1:1883", "mqtt://localhost:1883", "mqtts://[::1]:8883"}) {
    Start start("agent = \"edge-1\"\n[uplink]\nbroker = \"" + broker + "\"\n" + site);
    const auto simulated = read_simulated_site(start.options);
    REQUIRE(simulated.has_value());
    CHECK(simulated->warning.empty());
  }
  const auto unpublished = read_simulated_site(Start(site).options);
  REQUIRE(unpublished.has_value());
  CHECK(unpublished->warning.empty());
}
