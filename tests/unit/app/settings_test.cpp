// The whole of a site.toml: every key with its meaning, files of secrets, search paths, and random damage.
#include "agent/app/settings.hpp"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "agent/app/journal_settings.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/marked_text.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::app;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

constexpr std::string_view meters = R"(
[[bus]]
name = "line-1"
tcp = "10.0.0.5:502"
[[meter]]
name = "compressor-1"
bus = "line-1"
profile = "eastron-sdm630-v2"
)";

class SiteFolder {
 public:
  SiteFolder() {
    write("ca.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
    write("edge.pem", "-----BEGIN CERTIFICATE-----\n", 0644);
    write("edge.key", "-----BEGIN PRIVATE KEY-----\n", 0600);
    write("password", "s3cret\n", 0600);
  }
  void write(const std::string& name, std::string_view text, unsigned mode = 0644) const {
    std::ofstream(directory_ / name) << text;
    fs::permissions(directory_ / name, static_cast<fs::perms>(mode));
  }
  fs::path path() const { return directory_.path(); }

  SettingsReading read(std::string_view text) const {
    write("site.toml", text);
    return read_settings(directory_ / "site.toml", fs::path(CONGTO_SOURCE_DIR) / "config/meters");
  }

 private:
  test::TemporaryDirectory directory_;
};

std::string top(std::string_view more = "") {
  return "site = \"ice-plant-03\"\nagent = \"edge-1\"\n" + std::string(more) + "\n";
}
std::string with_uplink(std::string_view lines) {
  return top() + "[uplink]\n" + std::string(lines) + "\n" + std::string(meters);
}

Settings good(const SiteFolder& folder, const std::string& text) {
  SettingsReading reading = folder.read(text);
  INFO((reading.errors.empty() ? "" : reading.errors.front()));
  REQUIRE(reading.errors.empty());
  return reading.settings;
}

std::string wrong_about(const std::string& text, std::initializer_list<std::string_view> words,
                        const SiteFolder& folder = {}) {
  const auto expected = test::marked(text);
  return test::mismatch(folder.read(expected.text).errors, expected, words);
}

std::string warned_about(const std::string& text, std::initializer_list<std::string_view> words,
                         const SiteFolder& folder = {}) {
  const auto expected = test::marked(text);
  const SettingsReading reading = folder.read(expected.text);
  if (!reading.errors.empty()) return "an error: " + reading.errors.front();
  return test::mismatch(reading.warnings, expected, words);
}

}  // namespace

TEST_CASE("every key of a site has its place in the settings") {
  const SiteFolder folder;
  const Settings settings = good(folder, top("state = \"data\"\nclock = \"trusted\"") + R"(
[uplink]
broker = "mqtts://centre.example:9883"
ca = "ca.pem"
certificate = "edge.pem"
key = "edge.key"
username = "edge-1"
password-file = "password"
ack = "central"
centre = "main"
[journal]
commit-period = "1s"
max-age = "7d"
max-size = "500MB"
)" + std::string(meters));
  CHECK(settings.site == "ice-plant-03");
  CHECK(settings.agent == "edge-1");
  CHECK(settings.file == folder.path() / "site.toml");
  CHECK(settings.state == folder.path() / "data");
  CHECK(settings.trust_clock);
  REQUIRE(settings.uplink);
  CHECK(settings.uplink->broker == "mqtts://centre.example:9883");
  CHECK(settings.uplink->ca == folder.path() / "ca.pem");
  CHECK(settings.uplink->certificate == folder.path() / "edge.pem");
  CHECK(settings.uplink->key == folder.path() / "edge.key");
  CHECK(settings.uplink->username == "edge-1");
  CHECK(settings.uplink->password == "s3cret");
  CHECK(settings.uplink->ack == AckMode::central);
  CHECK(settings.uplink->centre == "main");
  CHECK(settings.journal.commit_period == 1s);
  CHECK(settings.journal.max_age == 7 * 24h);
  CHECK(settings.journal.max_bytes == 500'000'000);
  REQUIRE(settings.plant.meters.size() == 1);
  CHECK(settings.plant.meters[0].profile == "eastron-sdm630-v2");
}

TEST_CASE("what a site leaves out has the documented defaults") {
  const SiteFolder folder;
  const Settings settings = good(folder, with_uplink("broker = \"mqtts://centre\""));
  CHECK(settings.state == "/var/lib/congto");
  CHECK_FALSE(settings.trust_clock);
  CHECK(settings.clock_by_host);
  CHECK(settings.uplink->broker == "mqtts://centre:8883");
  CHECK(settings.uplink->ack == AckMode::central);
  CHECK(settings.uplink->centre.empty());
  CHECK(settings.uplink->ca.empty());
  CHECK(settings.journal.commit_period == 10s);
  CHECK(settings.journal.max_age == 30 * 24h);
  CHECK(settings.journal.max_bytes == 2'000'000'000);
  CHECK(settings.wait_for_time == 15min);
}

TEST_CASE("site and agent are mandatory, and an agent's name is a topic and a certificate's name") {
  CHECK(wrong_about("»agent = \"edge-1\"\n[uplink]\nbroker = \"mqtts://c\"\n" + std::string(meters),
                    {"site is missing"}) == "");
  CHECK(wrong_about("»site = \"a\"\n[uplink]\nbroker = \"mqtts://c\"\n" + std::string(meters),
                    {"agent is missing", "3 to 64"}) == "");
  for (const auto* name : {"ab", "Edge-1", "edge_1", "edge/1", "edge 1", "edge+"}) {
    INFO(name);
    CHECK(wrong_about("site = \"a\"\nagent = »\"" + std::string(name) +
                          "\"\n[uplink]\nbroker = \"mqtts://c\"\n" + std::string(meters),
                      {"agent: ", "3 to 64", name}) == "");
  }
  CHECK(wrong_about("site = \"a\"\nagent = »\"" + std::string(65, 'a') +
                        "\"\n[uplink]\nbroker = \"mqtts://c\"\n" + std::string(meters),
                    {"3 to 64"}) == "");
}

TEST_CASE("clock is trusted, or kept by NTP alone") {
  const SiteFolder folder;
  CHECK_FALSE(good(folder, top("clock = \"ntp\"") + std::string(meters)).clock_by_host);
  CHECK(wrong_about(top("clock = »\"rtc\"\n[uplink]\nbroker = \"mqtts://c\"") + std::string(meters),
                    {"\"trusted\" or \"ntp\""}) == "");
}

TEST_CASE("a site without [uplink] publishes nothing, and says so") {
  CHECK(warned_about("»" + top() + std::string(meters), {"no [uplink]", "nothing is published"}) == "");
}

TEST_CASE("the broker is an mqtt or mqtts address") {
  const SiteFolder folder;
  CHECK(good(folder, with_uplink("broker = \"mqtt://127.0.0.1:18830\"")).uplink->broker ==
        "mqtt://127.0.0.1:18830");
  CHECK(good(folder, with_uplink("broker = \"mqtt://localhost\"")).uplink->broker == "mqtt://localhost:1883");
  CHECK(good(folder, with_uplink("broker = \"mqtts://[::1]\"")).uplink->broker == "mqtts://[::1]:8883");
  CHECK(wrong_about(with_uplink("broker = »\"tcp://c:1883\""), {"mqtts://", "\"tcp://c:1883\""}) == "");
  CHECK(wrong_about(with_uplink("broker = »\"mqtts://c:x\""), {"host:port"}) == "");
  CHECK(wrong_about(top() + "»[uplink]\nack = \"broker\"\n" + std::string(meters), {"broker is missing"}) ==
        "");
}

TEST_CASE("certificate and key are a pair, and only mqtts uses them") {
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\ncertificate = »\"edge.pem\""),
                    {"certificate", "key"}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nkey = »\"edge.key\""), {"key", "certificate"}) ==
        "");
  CHECK(wrong_about(with_uplink("broker = \"mqtt://c\"\nca = »\"ca.pem\""), {"ca", "mqtts://"}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\npassword-file = »\"password\""), {"username"}) ==
        "");
}

TEST_CASE("a file that is named must exist") {
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nca = »\"absent.pem\""),
                    {"ca", "no file", "absent.pem"}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nca = »\".\""), {"no regular file"}) == "");
}

TEST_CASE("a secret that others can read is refused with the command that mends it") {
  for (const unsigned mode : {0640U, 0604U, 0644U, 0620U, 0666U}) {
    const SiteFolder folder;
    folder.write("edge.key", "k", mode);
    folder.write("password", "p", mode);
    CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\ncertificate = \"edge.pem\"\nkey = »\"edge.key\""),
                      {"edge.key", "chmod 600"}, folder) == "");
    CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nusername = \"u\"\npassword-file = »\"password\""),
                      {"password", "chmod 600"}, folder) == "");
  }
  const SiteFolder folder;
  folder.write("edge.key", "k", 0400);
  CHECK(folder.read(with_uplink("broker = \"mqtts://c\"\ncertificate = \"edge.pem\"\nkey = \"edge.key\""))
            .errors.empty());
}

TEST_CASE("a certificate is public unless its private key is in the same file") {
  const SiteFolder folder;
  folder.write("edge.pem", "-----BEGIN CERTIFICATE-----\n-----BEGIN EC PRIVATE KEY-----\n", 0644);
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\ncertificate = »\"edge.pem\"\nkey = \"edge.key\""),
                    {"chmod 600"}, folder) == "");
}

TEST_CASE("a password is the file's content without its last line end") {
  const SiteFolder folder;
  const std::string text =
      with_uplink("broker = \"mqtts://c\"\nusername = \"u\"\npassword-file = \"password\"");
  folder.write("password", " a b \r\n", 0600);
  CHECK(good(folder, text).uplink->password == " a b ");
  folder.write("password", "a\n\n", 0600);
  CHECK(good(folder, text).uplink->password == "a\n");
  folder.write("password", "\n", 0600);
  REQUIRE(folder.read(text).errors.size() == 1);
  CHECK(folder.read(text).errors[0].find("is empty") != std::string::npos);
}

TEST_CASE("a password over an open network gets a warning") {
  CHECK(
      warned_about(with_uplink("broker = »\"mqtt://centre\"\nusername = \"u\"\npassword-file = \"password\""),
                   {"unencrypted", "mqtts"}) == "");
}

TEST_CASE("ack is central or broker, and what belongs to one does not go with the other") {
  const SiteFolder folder;
  CHECK(good(folder, with_uplink("broker = \"mqtts://c\"\nack = \"broker\"\nwait-for-time = \"1min\""))
            .wait_for_time == 1min);
  CHECK(good(folder, with_uplink("broker = \"mqtts://c\"\nack = \"broker\"")).uplink->ack == AckMode::broker);
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nack = »\"centrl\""),
                    {"\"central\" or \"broker\"", "did you mean \"central\"?"}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nack = \"broker\"\ncentre = »\"main\""),
                    {"centre", "ack = \"broker\""}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\nwait-for-time = »\"1min\""),
                    {"wait-for-time", "ack = \"broker\""}) == "");
}

TEST_CASE("the journal's settings keep to their ranges") {
  const auto journal = [](std::string_view line) {
    return with_uplink("broker = \"mqtts://c\"") + "[journal]\n" + std::string(line) + "\n";
  };
  CHECK(wrong_about(journal("commit-period = »\"99ms\""), {"100ms to 5min"}) == "");
  CHECK(wrong_about(journal("commit-period = »\"301s\""), {"100ms to 5min"}) == "");
  CHECK(wrong_about(journal("max-age = »\"10min\""), {"1h"}) == "");
  CHECK(wrong_about(journal("max-size = »\"2 GB\""), {"\"2GB\"", "\"2 GB\""}) == "");
  CHECK(wrong_about(journal("max-size = »\"1kB\""), {"1MB"}) == "");
  CHECK(wrong_about(journal("max-size = »2000000000"), {"text in quotes"}) == "");
}

TEST_CASE("sizes have decimal and binary units") {
  CHECK(parse_size("500MB") == 500'000'000);
  CHECK(parse_size("2GB") == 2'000'000'000);
  CHECK(parse_size("1GiB") == 1'073'741'824);
  CHECK(parse_size("64KiB") == 65'536);
  CHECK_FALSE(parse_size("5"));
  CHECK_FALSE(parse_size("GB"));
  CHECK_FALSE(parse_size("-1GB"));
  CHECK_FALSE(parse_size("1gb"));
  CHECK_FALSE(parse_size("99999999999999999999GB"));
}

TEST_CASE("a key in the wrong table says where it belongs") {
  const auto after_meter = [](std::string_view line) {
    return with_uplink("broker = \"mqtts://c\"") + std::string(line) + "\n";
  };
  CHECK(wrong_about(after_meter("»state = \"/x\""), {"\"state\"", "[[meter]]", "the top of site.toml"}) ==
        "");
  CHECK(wrong_about(after_meter("»broker = \"x\""), {"\"broker\"", "[uplink]"}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"\n»max-size = \"1GB\""),
                    {"\"max-size\"", "[journal]"}) == "");
  CHECK(wrong_about(with_uplink("»borker = \"x\"\nbroker = \"mqtts://c\""),
                    {"\"borker\"", "did you mean \"broker\"?"}) == "");
  CHECK(wrong_about(with_uplink("broker = \"mqtts://c\"") + "[»jurnal]\nmax-size = \"1GB\"\n",
                    {"\"jurnal\"", "did you mean \"journal\"?"}) == "");
}

TEST_CASE("errors of all tables come together, in the order of the file") {
  const SiteFolder folder;
  const SettingsReading reading = folder.read(
      "site = 5\nagent = \"x\"\n[uplink]\nbroker = \"http://x\"\n[[bus]]\nname = \"b\"\ntcp = "
      "\"h\"\n[[meter]]\nname = \"m\"\nbus = \"c\"\nprofile = \"p\"\n");
  std::vector<std::string> lines;
  for (const auto& error : reading.errors)
    lines.push_back(error.substr((folder.path() / "site.toml").string().size(), 3));
  CHECK(lines == std::vector<std::string>{":1:", ":2:", ":4:", ":10", ":11"});
}

TEST_CASE("the site file is the named one, else nothing is invented") {
  const SiteFolder folder;
  folder.write("other.toml", "");
  CHECK(find_config((folder.path() / "other.toml").string()) == folder.path() / "other.toml");
  CHECK_FALSE(find_config((folder.path() / "absent.toml").string()));
}

TEST_CASE("a site file that may not be looked at is there all the same") {
  const SiteFolder folder;
  // As root no folder is shut: a link to itself cannot be looked at either.
  fs::create_symlink("loop.toml", folder.path() / "loop.toml");
  CHECK(find_config((folder.path() / "loop.toml").string()) == folder.path() / "loop.toml");
  folder.write("file", "");
  CHECK_FALSE(find_config((folder.path() / "file/below.toml").string()));
}

TEST_CASE("profiles are looked for at the site, in its meters folder, in /etc, then as shipped") {
  CHECK(profile_folders("plant/site.toml", "shipped") ==
        std::vector<fs::path>{"plant", "plant/meters", "/etc/congto/meters", "shipped"});
}

TEST_CASE("a file that is not there says so") {
  const SiteFolder folder;
  const SettingsReading reading = read_settings(folder.path() / "absent.toml", folder.path());
  REQUIRE(reading.errors.size() == 1);
  CHECK(reading.errors[0].find("absent.toml: cannot be read") != std::string::npos);
}

namespace {

const std::string whole_site = top("state = \"data\"") + R"(
[uplink]
broker = "mqtts://centre.example:9883"
ca = "ca.pem"
ack = "central"
[journal]
commit-period = "1s"
max-size = "500MB"
[[bus]]
name = "line-1"
serial = "/dev/ttyUSB0"
baud = 2400
parity = "none"
[[meter]]
name = "lamp"
bus = "line-1"
unit-id = 1
profile = "eastron-sdm120"
every = "10s"
only = ["active_power", "active_energy_import"]
[[meter]]
name = "water"
bus = "line-1"
unit-id = 2
profile = "generic-emf-1010"
timeout = "2s"
[meter.points]
flow_rate = { unit = "m3/h", scale = 3.6 }
volume_total = { from = "volume_forward", unit = "m3", scale = "0.001" }
extra = { at = 0x20, type = "u16", unit = "1", scale-at = 0x21, not-available = ["FFFF"] }
)";

// One small damage: bytes cut, put in or changed, lines swapped or doubled.
std::string damaged(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  constexpr std::string_view alphabet = "\"'[]{}=,.#\n 0-9_axn\\\t\xC3\xA9\xFF";
  static const std::vector<std::string> scraps{"[[meter]]\n", "[meter.points]\n",
                                               "-1",          "99999999999999999999",
                                               "\"\"",        "{ at = 1 }",
                                               "inf",         "\n[uplink]\n",
                                               "1979-05-27",  "true",
                                               "[[[[",        "only = []\n"};
  const std::size_t at = below(text.size());
  switch (below(5)) {
    case 0:
      return text.erase(at, 1 + below(12));
    case 1:
      return text.insert(at, 1, alphabet[below(alphabet.size())]);
    case 2:
      text[at] = alphabet[below(alphabet.size())];
      return text;
    case 3:
      return text.insert(at, scraps[below(scraps.size())]);
    default: {
      const std::size_t from = text.rfind('\n', at) + 1;  // npos + 1 is 0
      const std::string line = text.substr(from, text.find('\n', from) - from + 1);
      const std::size_t to = text.rfind('\n', below(text.size())) + 1;
      return text.insert(to, line);
    }
  }
}

bool has_position(const std::string& error, const std::string& file) {
  if (!error.starts_with(file + ":")) return false;
  unsigned line = 0, column = 0;
  return std::sscanf(error.c_str() + file.size(), ":%u:%u: ", &line, &column) == 2 && line > 0 && column > 0;
}

}  // namespace

TEST_CASE("the site that the damage starts from is good") {
  const SiteFolder folder;
  CHECK(folder.read(whole_site).errors == std::vector<std::string>{});
  CHECK(folder.read(whole_site).warnings.size() == 1);  // the water meter's factory setting
}

TEST_CASE("a randomly damaged site loads or has errors with positions, and never crashes") {
  const SiteFolder folder;
  const std::string file = (folder.path() / "site.toml").string();
  std::mt19937 random(20260301);  // NOLINT: the same damage in every run
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string text = whole_site;
    const auto times = 1 + random() % 4;
    for (unsigned i = 0; i < times && !text.empty(); ++i) text = damaged(text, random);
    const SettingsReading reading = folder.read(text);
    if (reading.errors.empty()) continue;
    ++refused;
    for (const std::string& error : reading.errors) {
      if (has_position(error, file)) continue;
      FAIL("no position in: " << error << "\nof\n" << text);
    }
  }
  CHECK(refused > 1500);  // the damage is real
  CHECK(refused < 3000);  // and some of it harmless
}
