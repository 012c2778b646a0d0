// What [uplink] says about a broker's address that holds a secret.
#include <fstream>
#include <string>

#include "agent/app/settings.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;

TEST_CASE("a password in the broker's address is refused, and not printed") {
  test::TemporaryDirectory directory;
  for (const std::string broker :
       {"mqtts://user:s3cret@host:8883", "tcp://user:s3cret@host", "u:s3cret@host"}) {
    std::ofstream(directory / "site.toml")
        << "site = \"a\"\nagent = \"edge-1\"\n[uplink]\nbroker = \"" << broker << "\"\n";
    const auto reading = app::read_settings(directory / "site.toml",
                                            std::filesystem::path(CONGTO_SOURCE_DIR) / "config/meters");
    std::string all;
    for (const auto& error : reading.errors) all += error + "\n";
    INFO(all);
    CHECK(all.find("give username and password-file") != std::string::npos);
    CHECK(all.find("s3cret") == std::string::npos);
  }
}
