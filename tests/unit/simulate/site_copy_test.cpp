// The simulated copy of a site file: other addresses, the same text.
#include "agent/simulate/site_copy.hpp"
#include "tests/support/catch.hpp"

using namespace congto::simulate;

namespace {

const std::string site = R"(# Ice plant, "serial" in a comment stays
site = "ice-plant"

[uplink]
broker = "mqtt://127.0.0.1:1883"   # tcp = "no"

[[bus]]
name = "line-1"
serial = "/dev/ttyUSB0" # the grey adapter
baud = 9600

[[bus]]
name = 'gateway-1'
tcp = '10.0.0.5'

[[bus]]
name = "converter"
rtu-over-tcp = "10.0.0.6:4001"

[[meter]]
name = "pump"
profile = "eastron-sdm230"
)";

std::string copied(const std::string& text, const SiteCopy& copy) {
  const auto made = site_copy(text, copy);
  INFO((made.has_value() ? "" : made.error().message));
  REQUIRE(made.has_value());
  return *made;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

const std::vector<std::string> addresses{"/somewhere/line-1", "127.0.0.1:5001", "127.0.0.1:5002"};

}  // namespace

TEST_CASE("addresses are replaced, everything else is the same to the byte") {
  std::string expected = replaced(site, "\"/dev/ttyUSB0\"", "\"/somewhere/line-1\"");
  expected = replaced(expected, "'10.0.0.5'", "\"127.0.0.1:5001\"");
  expected = replaced(expected, "\"10.0.0.6:4001\"", "\"127.0.0.1:5002\"");
  CHECK(copied(site, {"/plant/site.toml", addresses, {}}) == expected);
}

TEST_CASE("the copy keeps its journal in a folder of its own, whether the site names one or not") {
  SiteCopy copy{"/plant/site.toml", addresses, {}, "/run/state"};
  CHECK(copied(site, copy).starts_with("state = \"/run/state\"\n# Ice plant"));
  const std::string named = "state = '/var/lib/congto' # real\n" + site;
  CHECK(copied(named, copy).starts_with("state = \"/run/state\" # real\n# Ice plant"));
  copy.addresses = {"/y"};
  CHECK(copied("\xEF\xBB\xBF[[bus]]\nserial = \"x\"\n", copy) ==
        "\xEF\xBB\xBFstate = \"/run/state\"\n[[bus]]\nserial = \"/y\"\n");
}

TEST_CASE("line ends of Windows and a last line without one stay") {
  std::string windows = "[[bus]]\r\nserial = \"x\" # caf\xC3\xA9\r\nname = \"b\"";
  CHECK(copied(windows, {"/plant/site.toml", {"/y"}, {}}) ==
        "[[bus]]\r\nserial = \"/y\" # caf\xC3\xA9\r\nname = \"b\"");
}

TEST_CASE("buses written as inline tables are found, too") {
  CHECK(copied("bus = [{ name = \"é\", serial = \"a\\\"b\" }, { tcp = \"h\", name = \"c\" }]",
               {"/plant/site.toml", {"/1", "2:2"}, {}}) ==
        "bus = [{ name = \"é\", serial = \"/1\" }, { tcp = \"2:2\", name = \"c\" }]");
}

TEST_CASE("an address with quotes and backslashes stays one string") {
  CHECK(copied("[[bus]]\nserial = \"x\"\n", {"/plant/site.toml", {"/a \"b\\"}, {}}) ==
        "[[bus]]\nserial = \"/a \\\"b\\\\\"\n");
}

TEST_CASE("paths that start at the site's folder still lead to the same files") {
  const std::string text =
      "[uplink]\nca = \"ca.pem\"\nkey = \"/keys/edge.key\"\npassword-file = \"../secret\"\n"
      "[[bus]]\nserial = \"x\"\n"
      "[[meter]]\nprofile = \"own/meter.toml\"\n[[meter]]\nprofile = \"beside\"\n[[meter]]\nprofile = "
      "\"shipped\"\n";
  CHECK(copied(text, {"/plant/site.toml",
                      {"/y"},
                      {"/plant/own/meter.toml", "/plant/meters/beside.toml",
                       "/usr/share/congto/meters/shipped.toml"}}) ==
        "[uplink]\nca = \"/plant/ca.pem\"\nkey = \"/keys/edge.key\"\npassword-file = \"/secret\"\n"
        "[[bus]]\nserial = \"/y\"\n"
        "[[meter]]\nprofile = \"/plant/own/meter.toml\"\n[[meter]]\nprofile = \"/plant/meters/beside.toml\"\n"
        "[[meter]]\nprofile = \"shipped\"\n");
}

TEST_CASE("another number of buses than were read is refused") {
  CHECK_FALSE(site_copy(site, {"/plant/site.toml", {"/y"}, {}}).has_value());
  CHECK_FALSE(site_copy("site = ", {"/plant/site.toml", {}, {}}).has_value());
}
