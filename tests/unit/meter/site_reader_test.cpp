// The rules of [[bus]] and [[meter]]: each key with its meaning, and conflicts named with both places.
#include "drivers/meter/site_reader.hpp"

#include <filesystem>
#include <fstream>

#include "drivers/meter/key_places.hpp"
#include "drivers/toml/document.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/marked_text.hpp"
#include "tests/support/temporary_directory.hpp"

using namespace congto;
using namespace congto::meter;
using namespace std::chrono_literals;

namespace {

// A folder with three profiles: `power` with primary values, `panel` with secondary ones and a factory
// setting, `water` with units that a menu decides, `pulse` with two channels.
class SiteFolder {
 public:
  SiteFolder() {
    write("power.toml", R"(
function = 4
medium = "electricity"
max-registers = 80
[points]
voltage_l1_n = { at = 0, type = "f32", unit = "V" }
active_power = { at = 12, type = "f32", unit = "W" }
active_energy_import = { at = 72, type = "f32", unit = "kWh", kind = "counter", rollover = 100000 }
serial_number = { at = 900, type = "u32", kind = "info", function = 3 }
)");
    write("panel.toml", R"(
function = 3
min-interval = "1s"
[serial]
baud = 19200
parity = "even"
[points]
voltage_l1_n = { at = 0, type = "u16", unit = "V", side = "secondary" }
current_l1 = { at = 1, type = "u16", unit = "A", side = "secondary" }
active_power = { at = 2, type = "u16", unit = "W", side = "secondary" }
active_energy_import = { at = 4, type = "u32", unit = "kWh", kind = "counter", side = "secondary", rollover = 1000 }
power_factor = { at = 6, type = "s16", unit = "1", scale = 0.001, side = "secondary" }
frequency = { at = 7, type = "u16", unit = "Hz", scale = 0.01 }
)");
    write("water.toml", R"(
function = 4
medium = "water"
[points]
flow_rate = { at = 0, type = "f32", unit = "setting" }
volume_forward = { at = 8, type = "s32", plus = { at = 10, type = "f32" }, unit = "setting", kind = "counter" }
velocity = { at = 4, type = "f32", unit = "m/s", verify = true }
)");
    write("pulse.toml", R"(
function = 4
[points]
pulse_count_ch0 = { at = 0, type = "u32", kind = "counter", rollover = 4294967296 }
pulse_count_ch1 = { at = 2, type = "u32", kind = "counter" }
)");
  }

  void write(const std::string& name, std::string_view text) const {
    std::filesystem::create_directories((directory_ / name).parent_path());
    std::ofstream(directory_ / name) << text;
  }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  test::TemporaryDirectory directory_;
};

struct Reading {
  Site site;
  std::vector<std::string> errors, warnings;
};

Reading read(const SiteFolder& folder, std::string_view text) {
  Reading reading;
  toml::Report report(key_places());
  const auto document = toml::Document::parse(text, "site.toml", report);
  if (document) {
    toml::Table root(document->root(), "the top of the site file", "site.toml", report);
    reading.site = read_site(root, folder.path(), {folder.path(), folder.path() / "meters"});
    root.finish();
  }
  reading.errors = test::texts(report.errors());
  reading.warnings = test::texts(report.warnings());
  return reading;
}

Site good(const SiteFolder& folder, std::string_view text) {
  const Reading reading = read(folder, text);
  INFO((reading.errors.empty() ? "" : reading.errors.front()));
  REQUIRE(reading.errors.empty());
  return reading.site;
}

std::string wrong_about(std::string_view text, std::initializer_list<std::string_view> words) {
  const SiteFolder folder;
  const auto expected = test::marked(text);
  return test::mismatch(read(folder, expected.text).errors, expected, words);
}

std::string warned_about(std::string_view text, std::initializer_list<std::string_view> words) {
  const SiteFolder folder;
  const auto expected = test::marked(text);
  const Reading reading = read(folder, expected.text);
  if (!reading.errors.empty()) return "an error: " + reading.errors.front();
  return test::mismatch(reading.warnings, expected, words);
}

// A site of one bus and one meter of which only some lines matter.
std::string with_bus(std::string_view lines) {
  return "[[bus]]\nname = \"b\"\n" + std::string(lines) +
         "\n[[meter]]\nname = \"m\"\nbus = \"b\"\nunit-id = 1\nprofile = \"power\"\n";
}
std::string with_meter(std::string_view lines, std::string_view profile = "power") {
  return "[[bus]]\nname = \"b\"\ntcp = \"h:502\"\n[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile = \"" +
         std::string(profile) + "\"\n" + std::string(lines) + "\n";
}

Meter one_meter(std::string_view lines, std::string_view profile = "power") {
  const SiteFolder folder;
  return good(folder, with_meter(lines, profile)).meters.at(0);
}

std::string names(const std::vector<Point>& points) {
  std::string all;
  for (const Point& point : points) all += (all.empty() ? "" : " ") + point.name;
  return all;
}

const Point& named(const Meter& meter, std::string_view name) {
  for (const Point& point : meter.points) {
    if (point.name == name) return point;
  }
  FAIL("no point " << name);
  return meter.points.front();
}

}  // namespace

TEST_CASE("a site has buses and meters in the order of its file") {
  const SiteFolder folder;
  const Site site = good(folder, R"(
[[bus]]
name = "line-1"
serial = "/dev/ttyUSB7"
baud = 19200
parity = "even"
stop-bits = 2
rs485 = true
[[bus]]
name = "gateway"
tcp = "10.0.0.5"
release = true
[[bus]]
name = "framed"
rtu-over-tcp = "[fe80::1]:4001"
[[meter]]
name = "z-meter"
bus = "line-1"
unit-id = 247
profile = "power"
every = "15min"
[[meter]]
name = "a-meter"
bus = "gateway"
profile = "power"
[[meter]]
name = "framed-meter"
bus = "framed"
unit-id = 3
profile = "power"
)");
  REQUIRE(site.buses.size() == 3);
  CHECK(site.buses[0].transport == Transport::serial);
  CHECK(site.buses[0].device == "/dev/ttyUSB7");
  CHECK(site.buses[0].line == SerialSettings{19200, Parity::even, 2});
  CHECK(site.buses[0].rs485);
  CHECK(site.buses[1].transport == Transport::tcp);
  CHECK(site.buses[1].host == "10.0.0.5");
  CHECK(site.buses[1].port == 502);
  CHECK(site.buses[1].release);
  CHECK(site.buses[2].transport == Transport::rtu_over_tcp);
  CHECK(site.buses[2].host == "fe80::1");
  CHECK(site.buses[2].port == 4001);
  REQUIRE(site.meters.size() == 3);
  CHECK(site.meters[0].name == "z-meter");
  CHECK(site.meters[0].unit_id == 247);
  CHECK(site.meters[0].every == 15min);
  CHECK(site.meters[0].profile == "power");
  CHECK(site.meters[0].medium == "electricity");
  CHECK(names(site.meters[0].points) == "voltage_l1_n active_power active_energy_import");
  CHECK(names(site.meters[0].info) == "serial_number");
  CHECK(site.meters[1].unit_id == 255);
  CHECK(site.meters[1].every == 10s);
  CHECK(site.profiles.size() == 1);
}

TEST_CASE("a serial bus without settings runs at 9600 8N1, and a relative device starts at the site") {
  const SiteFolder folder;
  const Site site = good(folder, with_bus("serial = \"ptys/line-1\""));
  CHECK(site.buses.at(0).line == SerialSettings{9600, Parity::none, 1});
  CHECK(site.buses.at(0).device == (folder.path() / "ptys/line-1").string());
}

TEST_CASE("a bus is exactly one channel") {
  CHECK(wrong_about("»" + with_bus(""), {"[[bus]] \"b\"", "serial, tcp or rtu-over-tcp is missing"}) == "");
  CHECK(wrong_about(with_bus("serial = \"/dev/a\"\ntcp = »\"h\""), {"one channel", "serial"}) == "");
  CHECK(wrong_about(with_bus("tcp = »\"h:0\""), {"host:port", "\"h:0\""}) == "");
  CHECK(wrong_about(with_bus("tcp = »\"h:65536\""), {"host:port"}) == "");
  CHECK(wrong_about(with_bus("tcp = »\"tcp://h:502\""), {"host:port"}) == "");
  CHECK(wrong_about(with_bus("tcp = »\":502\""), {"host:port"}) == "");
  CHECK(wrong_about(with_bus("tcp = »\"[::1:502\""), {"host:port"}) == "");
  CHECK(wrong_about(with_bus("rtu-over-tcp = »\"h\""), {"host:port"}) == "");
  CHECK(wrong_about(with_bus("tcp = \"h\"\nbaud = »9600"), {"baud", "serial bus", "gateway"}) == "");
  CHECK(wrong_about(with_bus("serial = \"/dev/a\"\nrelease = »true"), {"release", "tcp"}) == "");
  CHECK(wrong_about(with_bus("serial = \"/dev/a\"\nbaud = »9601"), {"9600", "9601"}) == "");
}

TEST_CASE("names are of small letters, digits and -") {
  CHECK(wrong_about(R"([[bus]]
name = "b"
tcp = "h"
[[meter]]
name = »"Kompressor 1"
bus = "b"
profile = "power"
)",
                    {"small letters", "\"Kompressor 1\""}) == "");
  CHECK(wrong_about("[[bus]]\nname = \"b\"\ntcp = \"h\"\n»[[meter]]\nbus = \"b\"\nprofile = \"power\"",
                    {"name is missing"}) == "");
}

TEST_CASE("a meter's bus and profile must exist; the nearest is named") {
  CHECK(wrong_about(R"([[bus]]
name = "line-1"
tcp = "h"
[[meter]]
name = "m"
bus = »"line1"
profile = "power"
)",
                    {"no [[bus]] named \"line1\"", "did you mean \"line-1\"?"}) == "");
  CHECK(wrong_about(R"([[bus]]
name = "b"
tcp = "h"
[[meter]]
name = "m"
bus = "b"
profile = »"powre"
)",
                    {"no profile \"powre\"", "did you mean \"power\"?", "looked in"}) == "");
  CHECK(wrong_about(R"([[bus]]
name = "b"
tcp = "h"
[[meter]]
name = "m"
bus = "b"
profile = »"mine/own.toml"
)",
                    {"no file", "mine/own.toml"}) == "");
}

TEST_CASE("a profile that is a directory is called so") {
  const SiteFolder folder;
  std::filesystem::create_directory(folder.path() / "mine.toml");
  const Reading reading = read(folder, with_meter("", "mine.toml"));
  REQUIRE(reading.errors.size() == 1);
  CHECK(reading.errors[0].find("is a directory") != std::string::npos);
}

TEST_CASE("a profile may be a path that starts at the site, and is found in the folders in their order") {
  const SiteFolder folder;
  folder.write("mine/own.toml", "function = 3\n[points]\nown = { at = 1, type = \"u16\" }\n");
  folder.write("meters/power.toml", "function = 3\n[points]\nlater = { at = 1, type = \"u16\" }\n");
  folder.write("meters/second.toml", "function = 3\n[points]\nsecond = { at = 1, type = \"u16\" }\n");
  CHECK(names(good(folder, with_meter("", "mine/own.toml")).meters.at(0).points) == "own");
  CHECK(good(folder, with_meter("", "mine/own.toml")).meters.at(0).profile == "own");
  CHECK(names(good(folder, with_meter("", "second")).meters.at(0).points) == "second");
  CHECK(names(good(folder, with_meter("only = [\"voltage_l1_n\"]", "power")).meters.at(0).points) ==
        "voltage_l1_n");
}

TEST_CASE("errors in a profile have its file's places and come once, after the site's") {
  const SiteFolder folder;
  folder.write("broken.toml", "function = 3\n[points]\nx = { at = 1, type = \"u99\" }\n");
  const Reading reading = read(
      folder, with_meter("", "broken") + "[[meter]]\nname = \"n\"\nbus = \"bb\"\nprofile = \"broken\"\n");
  REQUIRE(reading.errors.size() == 2);
  CHECK(reading.errors[0].find("site.toml:11:7: bus") == 0);
  CHECK(reading.errors[1].find("broken.toml:3:22: type") != std::string::npos);
}

TEST_CASE("unit ids follow the transport") {
  const auto serial = [](std::string_view line) {
    return "[[bus]]\nname = \"b\"\nserial = \"/dev/a\"\n»[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile = "
           "\"power\"\n" +
           std::string(line);
  };
  CHECK(wrong_about(serial(""), {"unit-id is missing", "1 to 247"}) == "");
  const auto moved = [&](std::string_view line) {
    std::string text = serial(line);
    return text.erase(text.find("»"), std::string_view("»").size());
  };
  CHECK(wrong_about(moved("unit-id = »0"), {"1 to 247"}) == "");
  CHECK(wrong_about(moved("unit-id = »248"), {"1 to 247"}) == "");
  CHECK(wrong_about(with_meter("unit-id = »256"), {"0 to 255"}) == "");
  CHECK(one_meter("unit-id = 0").unit_id == 0);
}

TEST_CASE("an interval divides the day or is whole days, and is not below what the device bears") {
  CHECK(one_meter("every = \"100ms\"").every == 100ms);
  CHECK(one_meter("every = \"2d\"").every == 48h);
  CHECK(wrong_about(with_meter("every = »\"7s\""), {"divide a day", "\"6s\" or \"8s\""}) == "");
  CHECK(wrong_about(with_meter("every = »\"7min\""), {"\"6min\" or \"8min\""}) == "");
  CHECK(wrong_about(with_meter("every = »\"36h\""), {"whole days"}) == "");
  CHECK(wrong_about(with_meter("every = »\"50ms\""), {"100ms"}) == "");
  CHECK(wrong_about(with_meter("every = »10"), {"\"10s\""}) == "");
  CHECK(wrong_about(with_meter("ct = \"5/5\"\nevery = »\"500ms\"", "panel"), {"min-interval", "\"1s\""}) ==
        "");
}

TEST_CASE("only keeps the named points, and an unknown one has the nearest name") {
  CHECK(names(one_meter("only = [\"active_power\", \"serial_number\"]").points) == "active_power");
  CHECK(names(one_meter("only = [\"active_power\", \"serial_number\"]").info) == "serial_number");
  CHECK(one_meter("only = [\"active_power\"]").info.empty());
  CHECK(wrong_about(with_meter("only = [\"active_power\", »\"actve_energy_import\"]"),
                    {"no point \"actve_energy_import\"", "did you mean \"active_energy_import\"?"}) == "");
  CHECK(wrong_about(with_meter("only = »[]"), {"empty list"}) == "");
  CHECK(wrong_about(with_meter("only = »\"active_power\""), {"list"}) == "");
  CHECK(wrong_about(with_meter("only = [\"active_power\", »\"active_power\"]"), {"twice"}) == "");
}

TEST_CASE("a meter that samples nothing is refused") {
  CHECK(wrong_about("[[bus]]\nname = \"b\"\ntcp = \"h:502\"\n»[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile "
                    "= \"power\"\nonly = [\"serial_number\"]\n",
                    {"no point left"}) == "");
}

TEST_CASE("a meter may override every head key of its profile") {
  const Meter m = one_meter(R"(function = 3
word-order = "little"
numbering = "one"
max-registers = 10
max-gap = 5
align = 2
single = true
pause = "50ms"
timeout = "3s"
wake = "10s"
min-interval = "1s"
medium = "water"
only = ["active_power"])");
  CHECK(m.points.at(0).function == modbus::Function::read_holding_registers);
  CHECK(m.points.at(0).word_order == WordOrder::little);
  CHECK(m.points.at(0).at == 11);
  CHECK(m.limits.read.max_registers == 10);
  CHECK(m.limits.read.max_gap == 5);
  CHECK(m.limits.read.align == 2);
  CHECK(m.limits.read.single);
  CHECK(m.limits.pause == 50ms);
  CHECK(m.limits.timeout == 3s);
  CHECK(m.limits.wake == 10s);
  CHECK(m.limits.min_interval == 1s);
  CHECK(m.medium == "water");
}

TEST_CASE("an override that breaks a point of the profile is an error of the meter") {
  CHECK(wrong_about("[[bus]]\nname = \"b\"\ntcp = \"h:502\"\n»[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile "
                    "= \"power\"\n"
                    "numbering = \"one\"\nonly = [\"voltage_l1_n\"]\n",
                    {"[[meter]] \"m\"", "point voltage_l1_n", "profile power", "1 to 65536"}) == "");
}

TEST_CASE("ct multiplies secondary currents, powers and energies; vt voltages, powers and energies") {
  const Meter m = one_meter("ct = \"200/5\"\nvt = \"22000/110\"", "panel");
  CHECK(named(m, "current_l1").ratio == Ratio{200, 5});
  CHECK(named(m, "voltage_l1_n").ratio == Ratio{22000, 110});
  CHECK(named(m, "active_power").ratio == Ratio{200 * 22000, 5 * 110});
  CHECK(named(m, "active_energy_import").ratio == Ratio{200 * 22000, 5 * 110});
  CHECK(named(m, "power_factor").ratio == Ratio{});
  CHECK(named(m, "frequency").ratio == Ratio{});
  // 1000 kWh on the secondary side are 1000 x 40 x 200 on the primary one.
  CHECK(named(m, "active_energy_import").rollover == Decimal(8, 6));
}

TEST_CASE("ratios are what is printed on the transformers") {
  CHECK(named(one_meter("ct = \"1/1\"\nvt = \"22/0.11\"", "panel"), "voltage_l1_n").ratio == Ratio{2200, 11});
  for (const auto* text : {"200", "200/0", "0/5", "-200/5", "200/5/1", "a/b", "200:5", "1e12/5"}) {
    INFO(text);
    CHECK(wrong_about(with_meter("ct = »\"" + std::string(text) + "\"", "panel"),
                      {"ct", "\"200/5\"", text}) == "");
  }
  CHECK(wrong_about(with_meter("ct = »40", "panel"), {"text in quotes"}) == "");
}

TEST_CASE("a transformer without secondary points to multiply is refused") {
  CHECK(wrong_about(with_meter("ct = »\"200/5\""), {"ct", "side = \"secondary\"", "power"}) == "");
  CHECK(wrong_about(with_meter("vt = »\"200/5\""), {"vt", "secondary"}) == "");
}

TEST_CASE("secondary points without ct get a warning") {
  CHECK(warned_about("[[bus]]\nname = \"b\"\ntcp = \"h:502\"\n»[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile "
                     "= \"panel\"\n",
                     {"current_l1", "secondary", "ct = \"200/5\""}) == "");
}

TEST_CASE("a secondary voltage without vt gets a warning where ct is given") {
  const std::string meter =
      "[[bus]]\nname = \"b\"\ntcp = \"h:502\"\n»[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile = \"panel\"\n"
      "ct = \"200/5\"\n";
  CHECK(warned_about(meter, {"voltage_l1_n", "vt = \"22000/110\"", "vt = \"1/1\""}) == "");
  const SiteFolder folder;
  CHECK(read(folder, with_meter("ct = \"200/5\"\nvt = \"1/1\"", "panel")).warnings.empty());
  CHECK(read(folder, with_meter("ct = \"200/5\"\nonly = [\"active_power\"]", "panel")).warnings.empty());
}

TEST_CASE("a wrong ct is one error, and no warning that it is missing") {
  const SiteFolder folder;
  const Reading reading = read(folder, with_meter("ct = \"200:5\"", "panel"));
  CHECK(reading.errors.size() == 1);
  CHECK(reading.warnings.empty());
}

TEST_CASE("a meter's key below [meter.points] is told its place, and nothing else") {
  const SiteFolder folder;
  for (const std::string key : {"every = \"30s\"", "ct = \"200/5\"", "max-registers = 80", "unit-id = 3"}) {
    const auto expected = test::marked(with_meter("[meter.points]\n»" + key, "panel"));
    const Reading reading = read(folder, expected.text);
    CHECK(test::mismatch(reading.errors, expected,
                         {"stands under [meter.points]", "belongs in [[meter]], before that header"}) == "");
    CHECK(reading.warnings.empty());
  }
  CHECK(wrong_about(with_meter("[meter.points]\n»at = 5"), {"\"at\" stands under", "belongs in a point"}) ==
        "");
}

TEST_CASE("keys of a meter as other programs call them") {
  for (const std::string key : {"slave-id", "slave_id", "slave", "address", "id"}) {
    CHECK(wrong_about(with_meter("»" + key + " = 3"), {"called \"unit-id\""}) == "");
  }
  CHECK(wrong_about(with_meter("»interval = \"10s\""), {"called \"every\""}) == "");
  CHECK(wrong_about(with_meter("»period = \"10s\""), {"called \"every\""}) == "");
}

TEST_CASE("a point of the meter's own without unit gets the warning, one of the profile does not again") {
  CHECK(warned_about(with_meter("[meter.points]\n»total_active_power = { at = 500, type = \"f32\" }"),
                     {"plain number", "active_power_total"}) == "");
}

TEST_CASE("a meter may have points of its own") {
  const Meter m = one_meter("[meter.points]\nextra = { at = 500, type = \"u16\", scale = 0.1 }");
  CHECK(names(m.points) == "voltage_l1_n active_power active_energy_import extra");
  CHECK(named(m, "extra").function == modbus::Function::read_input_registers);
  CHECK(wrong_about(
            with_meter("[meter.points]\nactive_power_l1 = { at = 500, type = \"u16\", unit = »\"kW\" }"),
            {"unit = \"W\", scale = 1000"}) == "");
}

TEST_CASE("own points are read whatever only says") {
  CHECK(names(one_meter("only = [\"active_power\"]\n[meter.points]\nextra = { at = 500, type = \"u16\" }")
                  .points) == "active_power extra");
  CHECK(names(one_meter("only = []\n[meter.points]\nextra = { at = 500, type = \"u16\" }").points) ==
        "extra");
}

TEST_CASE("a profile's point may be renamed and rescaled") {
  const Meter m = one_meter(
      "[meter.points]\nvolume_total = { from = \"pulse_count_ch0\", scale = 0.01, unit = \"m3\" }", "pulse");
  CHECK(names(m.points) == "pulse_count_ch1 volume_total");
  const Point& volume = named(m, "volume_total");
  CHECK(volume.at == 0);
  CHECK(volume.type == Type::u32);
  CHECK(volume.unit == Unit::cubic_metre);
  CHECK(volume.kind == Kind::counter);
  CHECK(volume.scale.text() == "0.01");
  CHECK(volume.rollover->text() == "42949672.96");  // it follows the scale
}

TEST_CASE("a renamed point must exist and not take a name that is taken") {
  CHECK(
      wrong_about(with_meter("[meter.points]\nvolume_total = { from = »\"pulse_count_ch3\", unit = \"m3\" }",
                             "pulse"),
                  {"no point \"pulse_count_ch3\"", "did you mean \"pulse_count_ch0\"?"}) == "");
  CHECK(wrong_about(with_meter("[meter.points]\n»pulse_count_ch1 = { from = \"pulse_count_ch0\" }", "pulse"),
                    {"\"pulse_count_ch1\"", "another name"}) == "");
  CHECK(wrong_about(with_meter("[meter.points]\nx = { from = \"pulse_count_ch0\", at = »4 }", "pulse"),
                    {"one of the two"}) == "");
  CHECK(wrong_about(
            with_meter("only = [»\"pulse_count_ch0\"]\n[meter.points]\nx = { from = \"pulse_count_ch0\" }",
                       "pulse"),
            {"renamed \"x\""}) == "");
}

TEST_CASE("keys laid over a profile's point of the same name") {
  const Meter m = one_meter(
      "[meter.points]\nvelocity = { verify = false, word-order = \"little\" }\n"
      "flow_rate = { unit = \"m3/h\", scale = 3.6 }\nvolume_forward = { unit = \"m3\", scale = \"0.001\" }",
      "water");
  CHECK_FALSE(named(m, "velocity").verify);
  CHECK(named(m, "velocity").word_order == WordOrder::little);
  CHECK(named(m, "velocity").at == 4);
  CHECK(named(m, "flow_rate").unit == Unit::cubic_metre_per_hour);
  CHECK(named(m, "flow_rate").scale.text() == "3.6");
  CHECK(named(m, "volume_forward").plus == Plus{10, Type::f32});
  CHECK(names(m.points) == "flow_rate volume_forward velocity");
}

TEST_CASE("a point that is neither of the profile nor complete is refused") {
  CHECK(wrong_about(with_meter("[meter.points]\n»actve_power = { verify = true }"),
                    {"no point \"actve_power\"", "did you mean \"active_power\"?", "from"}) == "");
}

TEST_CASE("a unit that a menu decides must be named by the meter") {
  const std::string bus = "[[bus]]\nname = \"b\"\ntcp = \"h:502\"\n";
  const std::string head = "name = \"m\"\nbus = \"b\"\nprofile = \"water\"\n";
  CHECK(wrong_about(bus + "»[[meter]]\n" + head + "[meter.points]\nvolume_forward = { unit = \"m3\" }\n",
                    {"[[meter]] \"m\"", "flow_rate", "[meter.points]",
                     "flow_rate = { unit = \"m3/h\", scale = 1 }"}) == "");
  CHECK(wrong_about(
            with_meter("[meter.points]\nflow_rate = { unit = »\"l/s\" }\nvolume_forward = { unit = \"m3\" }",
                       "water"),
            {"unit = \"m3/h\", scale = 3.6"}) == "");
  CHECK(names(one_meter("only = [\"velocity\"]", "water").points) == "velocity");
  const SiteFolder folder;
  const Reading reading =
      read(folder,
           with_meter("only = [\"flow_rate\"]\n[meter.points]\nflow_rate = { unit = \"setting\" }", "water"));
  REQUIRE_FALSE(reading.errors.empty());
}

TEST_CASE("a rollover must be given anew where the new scale does not follow from the old one") {
  const SiteFolder folder;
  folder.write("odd.toml",
               "function = 3\n[points]\nc = { at = 1, type = \"u32\", scale = 0.3, kind = \"counter\", "
               "rollover = 300 }\n");
  const auto expected = test::marked(with_meter("[meter.points]\nc = { scale = »0.7 }", "odd"));
  CHECK(test::mismatch(read(folder, expected.text).errors, expected, {"rollover", "300"}) == "");
  CHECK(good(folder, with_meter("[meter.points]\nc = { scale = 0.7, rollover = 700 }", "odd"))
            .meters.at(0)
            .points.at(0)
            .rollover == Decimal(700, 0));
}

TEST_CASE("two meters of one name, two buses of one name: both places are named") {
  CHECK(wrong_about(
            with_meter("") + "[[meter]]\nname = »\"m\"\nbus = \"b\"\nunit-id = 2\nprofile = \"power\"\n",
            {"two meters are named \"m\"", "site.toml:5:8"}) == "");
  CHECK(wrong_about("[[bus]]\nname = \"b\"\ntcp = \"g\"\n[[bus]]\nname = »\"b\"\ntcp = "
                    "\"h\"\n[[meter]]\nname = \"m\"\nbus = \"b\"\nprofile = \"power\"\n",
                    {"two buses are named \"b\"", "site.toml:2:8"}) == "");
}

TEST_CASE("two buses on one host and port are refused, whatever the framing") {
  CHECK(wrong_about("[[bus]]\nname = \"a\"\ntcp = \"Gate\"\n[[bus]]\nname = \"b\"\nrtu-over-tcp = "
                    "»\"gate:502\"\n[[meter]]\nname = \"m\"\nbus = \"a\"\nprofile = \"power\"\n",
                    {"gate:502", "\"b\"", "\"a\"", "site.toml:3:7"}) == "");
}

TEST_CASE("the names of this machine are one host") {
  for (const auto* host : {"127.0.0.1:502", "[::1]:502", "LocalHost"}) {
    CHECK(wrong_about("[[bus]]\nname = \"a\"\ntcp = \"localhost:502\"\n[[bus]]\nname = \"b\"\ntcp = »\"" +
                          std::string(host) +
                          "\"\n[[meter]]\nname = \"m\"\nbus = \"a\"\nprofile = \"power\"\n",
                      {"two buses"}) == "");
  }
}

TEST_CASE("two buses on one device node are refused, through links too") {
  const SiteFolder folder;
  folder.write("ttyUSB0", "");
  std::filesystem::create_symlink("ttyUSB0", folder.path() / "by-id");
  const auto expected = test::marked(
      "[[bus]]\nname = \"a\"\nserial = \"ttyUSB0\"\n[[bus]]\nname = \"b\"\nserial = »\"by-id\"\n"
      "[[meter]]\nname = \"m\"\nbus = \"a\"\nunit-id = 1\nprofile = \"power\"\n");
  CHECK(test::mismatch(read(folder, expected.text).errors, expected, {"by-id", "\"a\"", "site.toml:3:10"}) ==
        "");
}

TEST_CASE("one unit id has one profile") {
  CHECK(wrong_about(
            with_meter("unit-id = 5") +
                "[[meter]]\nname = \"n\"\nbus = \"b\"\nunit-id = 5\nprofile = »\"pulse\"\n",
            {"unit id 5", "two profiles", "\"pulse\"", "\"power\"", "meter \"m\"", "site.toml:7:11"}) == "");
}

TEST_CASE("two meters share a unit id with one profile and no point in common") {
  const SiteFolder folder;
  const std::string shared = with_meter("unit-id = 5\nonly = [\"pulse_count_ch0\"]", "pulse") +
                             "[[meter]]\nname = \"n\"\nbus = \"b\"\nunit-id = 5\nprofile = \"pulse\"\n";
  CHECK(good(folder, shared + "only = [\"pulse_count_ch1\"]\n").meters.size() == 2);
}

TEST_CASE("two meters that claim the same point of one unit id are refused") {
  CHECK(wrong_about(
            with_meter("unit-id = 5", "pulse") + "[[meter]]\nname = \"n\"\nbus = \"b\"\nunit-id = "
                                                 "»5\nprofile = \"pulse\"\nonly = [\"pulse_count_ch1\"]\n",
            {"pulse_count_ch1", "function 4, register 2", "unit id 5", "\"n\"", "\"m\"", "site.toml:8:11"}) ==
        "");
  // Under another name it is the same register all the same.
  CHECK(wrong_about(with_meter("unit-id = 5", "pulse") +
                        "[[meter]]\nname = \"n\"\nbus = \"b\"\nunit-id = »5\nprofile = \"pulse\"\nonly = []\n"
                        "[meter.points]\nvolume_total = { from = \"pulse_count_ch1\", unit = \"m3\" }\n",
                    {"volume_total", "register 2"}) == "");
}

TEST_CASE("the same unit id on two buses is two devices") {
  const SiteFolder folder;
  CHECK(good(folder, with_meter("unit-id = 5") + "[[bus]]\nname = \"c\"\ntcp = \"other\"\n[[meter]]\nname = "
                                                 "\"n\"\nbus = \"c\"\nunit-id = 5\nprofile = \"pulse\"\n")
            .meters.size() == 2);
}

TEST_CASE("a line at another setting than the factory's warns of the meter's menu value") {
  CHECK(warned_about("[[bus]]\nname = \"b\"\nserial = \"/dev/a\"\nbaud = 9600\n[[meter]]\nname = \"m\"\nbus "
                     "= \"b\"\nunit-id = 1\nprofile = »\"panel\"\nct = \"5/5\"\nvt = \"1/1\"\n",
                     {"\"m\"", "menu", "baud 9600 (factory: 19200)", "parity none (factory: even)"}) == "");
  const SiteFolder folder;
  CHECK(read(folder,
             "[[bus]]\nname = \"b\"\nserial = \"/dev/a\"\nbaud = 19200\nparity = \"even\"\n[[meter]]\nname = "
             "\"m\"\nbus = \"b\"\nunit-id = 1\nprofile = \"panel\"\nct = \"5/5\"\nvt = \"1/1\"\n")
            .warnings.empty());
}

TEST_CASE("a bus without a meter gets a warning") {
  CHECK(warned_about(with_meter("") + "»[[bus]]\nname = \"spare\"\ntcp = \"other\"\n",
                     {"\"spare\"", "no meter"}) == "");
}

TEST_CASE("unknown and misplaced keys of a meter") {
  CHECK(wrong_about(with_meter("»unit_id = 1"),
                    {"\"unit_id\"", "[[meter]] \"m\"", "did you mean \"unit-id\"?"}) == "");
  CHECK(wrong_about(with_meter("»baud = 9600"), {"\"baud\"", "belongs in [[bus]]"}) == "");
  CHECK(wrong_about(with_meter("»at = 5"), {"\"at\"", "belongs in a point"}) == "");
  CHECK(wrong_about(with_bus("tcp = \"h\"\n»every = \"10s\""), {"\"every\"", "[[meter]]"}) == "");
  CHECK(wrong_about("»[bus]\nname = \"b\"\ntcp = \"h\"\n", {"[[bus]]", "double brackets"}) != "");
}

TEST_CASE("a site without meters is refused") {
  CHECK(wrong_about("»[[bus]]\nname = \"b\"\ntcp = \"h\"\n", {"no [[meter]]"}) == "");
}
