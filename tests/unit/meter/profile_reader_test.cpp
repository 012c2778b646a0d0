// The rules of a profile: each key with its meaning, and everything else refused with its place.
#include "drivers/meter/profile_reader.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/marked_text.hpp"

using namespace congto;
using namespace congto::meter;
using namespace std::chrono_literals;

namespace {

// The text has the sign » where the one error is expected; empty when it comes with these words.
std::string wrong_about(std::string_view text, std::initializer_list<std::string_view> words) {
  const auto expected = test::marked(text);
  const ProfileFile file = read_profile_text(expected.text, "meters/p.toml");
  if (file.profile) return "the profile was taken";
  return test::mismatch(test::texts(file.errors), expected, words);
}

std::string warned_about(std::string_view text, std::initializer_list<std::string_view> words) {
  const auto expected = test::marked(text);
  const ProfileFile file = read_profile_text(expected.text, "meters/p.toml");
  if (!file.profile)
    return "the profile was refused: " + (file.errors.empty() ? "?" : file.errors.front().text());
  return test::mismatch(test::texts(file.warnings), expected, words);
}

// A profile of one or more points, function 4 unless `head` says more.
std::string points(std::string_view lines, std::string_view head = "function = 4") {
  return std::string(head) + "\n[points]\n" + std::string(lines);
}

Profile good(const std::string& text) {
  const ProfileFile file = read_profile_text(text, "meters/p.toml");
  INFO((file.errors.empty() ? "" : file.errors.front().text()));
  REQUIRE(file.profile);
  CHECK(file.errors.empty());
  return *file.profile;
}

Point point(std::string_view line, std::string_view head = "function = 4") {
  return good(points(line, head)).points.at(0);
}

std::string wrong_point(std::string_view line, std::initializer_list<std::string_view> words,
                        std::string_view head = "function = 4") {
  return wrong_about(points(line, head), words);
}

}  // namespace

TEST_CASE("a profile has a head, a factory setting and its points in the order of the file") {
  const Profile profile = good(R"(
vendor = "Eastron"
model = "SDM630"
medium = "electricity"
function = 4
word-order = "little"
max-registers = 80
max-gap = 20
align = 2
pause = "12ms"
single = true
timeout = "2s"
wake = "10s"
min-interval = "1s"
[serial]
baud = 19200
parity = "even"
stop-bits = 2
[points]
voltage_l1_n = { at = 0, type = "f32", unit = "V" }
active_power = { at = 0x34, type = "f32", unit = "W" }
)");
  CHECK(profile.name == "p");
  CHECK(profile.file == "meters/p.toml");
  CHECK(profile.vendor == "Eastron");
  CHECK(profile.model == "SDM630");
  CHECK(profile.medium == "electricity");
  CHECK(profile.function == modbus::Function::read_input_registers);
  CHECK(profile.word_order == WordOrder::little);
  CHECK(profile.limits.read.max_registers == 80);
  CHECK(profile.limits.read.max_gap == 20);
  CHECK(profile.limits.read.align == 2);
  CHECK(profile.limits.read.single);
  CHECK(profile.limits.pause == 12ms);
  CHECK(profile.limits.timeout == 2s);
  CHECK(profile.limits.wake == 10s);
  CHECK(profile.limits.min_interval == 1s);
  CHECK(profile.serial == SerialSettings{19200, Parity::even, 2});
  REQUIRE(profile.points.size() == 2);
  CHECK(profile.points[0].name == "voltage_l1_n");
  CHECK(profile.points[1].name == "active_power");
  CHECK(profile.points[1].at == 52);
  CHECK(profile.points[1].word_order == WordOrder::little);
}

TEST_CASE("what a profile leaves out has the documented defaults") {
  const Profile profile = good(points("x = { at = 1, type = \"u16\" }"));
  CHECK(profile.limits.read.max_registers == 50);
  CHECK(profile.limits.read.max_gap == 0);
  CHECK(profile.limits.read.align == 1);
  CHECK_FALSE(profile.limits.read.single);
  CHECK(profile.limits.timeout == 1s);
  CHECK(profile.limits.pause == 0ms);
  CHECK_FALSE(profile.limits.wake);
  CHECK_FALSE(profile.limits.min_interval);
  CHECK_FALSE(profile.serial);
  const Point& x = profile.points.at(0);
  CHECK(x.word_order == WordOrder::big);
  CHECK(x.unit == Unit::none);
  CHECK(x.scale == Decimal(1, 0));
  CHECK(x.kind == Kind::gauge);
  CHECK_FALSE(x.secondary);
  CHECK_FALSE(x.verify);
}

TEST_CASE("a point has every key that the design lists") {
  const Point p = point(
      R"(active_energy_import = { at = 10, type = "u32", unit = "kWh", scale = 0.1, scale-at = 90, plus = { at = 12, type = "u16" }, kind = "counter", rollover = 1e6, not-available = ["FFFFFFFF", "0x80000000"], side = "secondary", verify = true, function = 3, word-order = "little" })");
  CHECK(p.function == modbus::Function::read_holding_registers);
  CHECK(p.at == 10);
  CHECK(p.registers == 2);
  CHECK(p.type == Type::u32);
  CHECK(p.word_order == WordOrder::little);
  CHECK(p.unit == Unit::kilowatt_hour);
  CHECK(p.scale.text() == "0.1");
  CHECK(p.scale_at == 90);
  CHECK(p.plus == Plus{12, Type::u16});
  CHECK(p.kind == Kind::counter);
  CHECK(p.rollover == Decimal(1, 6));
  CHECK(p.not_available == std::vector<std::vector<std::uint16_t>>{{0xFFFF, 0xFFFF}, {0x8000, 0}});
  CHECK(p.secondary);
  CHECK(p.verify);
  CHECK(p.raw_words() == 4);
}

TEST_CASE("points may be written as tables of their own") {
  const Point p = point("[points.frequency]\nat = 70\ntype = \"f32\"\nunit = \"Hz\"");
  CHECK(p.name == "frequency");
  CHECK(p.at == 70);
}

TEST_CASE("numbering one counts from 1") {
  CHECK(point("x = { at = 1, type = \"u16\" }", "function = 3\nnumbering = \"one\"").at == 0);
  CHECK(point("x = { at = 65536, type = \"u16\" }", "function = 3\nnumbering = \"one\"").at == 65535);
  CHECK(wrong_point("x = { at = »0, type = \"u16\" }", {"at: ", "1 to 65536", "found 0"},
                    "function = 3\nnumbering = \"one\"") == "");
}

TEST_CASE("no register number is too small to be refused") {
  CHECK(wrong_point("x = { at = »-9223372036854775808, type = \"u16\" }", {"1 to 65536"},
                    "function = 3\nnumbering = \"one\"") == "");
}

TEST_CASE("numbering modicon: the first of five or six digits gives the function") {
  const std::string_view head = "numbering = \"modicon\"";
  const auto at = [&](const std::string& number) {
    return point("x = { at = " + number + ", type = \"u16\" }", head);
  };
  CHECK(at("40001").at == 0);
  CHECK(at("40001").function == modbus::Function::read_holding_registers);
  CHECK(at("30013").at == 12);
  CHECK(at("30013").function == modbus::Function::read_input_registers);
  CHECK(at("465536").at == 65535);
  CHECK(at("300001").function == modbus::Function::read_input_registers);
  CHECK(at("10001").function == modbus::Function::read_discrete_inputs);
  CHECK(at("\"00013\"").at == 12);
  CHECK(at("\"00013\"").function == modbus::Function::read_coils);
  const auto wrong = [&](const std::string& number, std::initializer_list<std::string_view> words) {
    return wrong_point("x = { at = »" + number + ", type = \"u16\" }", words, head);
  };
  CHECK(wrong("13", {"five or six digits", "found 13", "\"00013\""}) == "");
  CHECK(wrong("20001", {"first digit", "found 20001"}) == "");
  CHECK(wrong("40000", {"40001", "found 40000"}) == "");
  CHECK(wrong("465537", {"465536"}) == "");
  CHECK(wrong("4000001", {"five or six digits"}) == "");
}

TEST_CASE("a modicon number that contradicts a given function is refused") {
  CHECK(wrong_point("x = { at = »40001, type = \"u16\" }", {"function 3", "function = 4"},
                    "numbering = \"modicon\"\nfunction = 4") == "");
}

TEST_CASE("scale-at and plus are counted like at") {
  const Point p =
      point("x = { at = 40001, type = \"u16\", scale-at = 40010, plus = { at = 40002, type = \"u16\" } }",
            "numbering = \"modicon\"");
  CHECK(p.scale_at == 9);
  CHECK(p.plus == Plus{1, Type::u16});
  CHECK(wrong_point("x = { at = 40001, type = \"u16\", scale-at = »30010 }", {"scale-at", "function 3"},
                    "numbering = \"modicon\"") == "");
}

TEST_CASE("an address in hexadecimal is no Modicon number") {
  const auto file = read_profile_text(
      points("x = { at = 0xB000, type = \"u16\", unit = \"1\" }", "function = 3"), "p.toml");
  REQUIRE(file.profile);
  CHECK(file.profile->points.at(0).at == 0xB000);
  CHECK(file.warnings.empty());
}

TEST_CASE("a register number in quotes is told to lose them") {
  CHECK(wrong_point("x = { at = »\"0x10\", type = \"u16\" }", {"without quotes"}) == "");
}

TEST_CASE("mod10k4 has an order of its own") {
  CHECK(wrong_point("x = { at = 1, type = \"mod10k4\", word-order = »\"big\" }", {"lowest group"}) == "");
}

TEST_CASE("under wire numbering, numbers that look like Modicon's get a warning") {
  const auto at = [](const std::string& number) {
    return "x = { at = " + number + ", type = \"u16\", unit = \"1\" }";
  };
  CHECK(warned_about(points(at("»40001"), "function = 3"), {"40001", "modicon", "wire"}) == "");
  CHECK(warned_about(points(at("»30001")), {"30001", "modicon"}) == "");
  CHECK(warned_about(points(at("»30001"), "function = 4\nnumbering = \"wire\""),
                     {"modicon", "hexadecimal"}) == "");
  CHECK(warned_about(points(at("»10001"), "function = 2"), {"10001", "modicon"}) == "");
  // The digit is that of the other function: one of the two is wrong.
  CHECK(warned_about(points(at("»40001")), {"by its first digit it is 3, but function = 4"}) == "");
  CHECK(warned_about(points(at("»30001"), "function = 3"), {"by its first digit it is 4"}) == "");
  // Register 40001 counted from 1 is no address of any meter either.
  CHECK(warned_about(points(at("»40001"), "function = 3\nnumbering = \"one\""), {"40001", "modicon"}) == "");
  const auto silent = [](const std::string& text) {
    return read_profile_text(text, "p.toml").warnings.empty();
  };
  CHECK(silent(points(at("19000"), "function = 3")));
  CHECK(silent(points(at("40001"), "function = 2")));
  CHECK(silent(points(at("0x9C41"), "function = 3")));
  // Who says wire, and has an address that no Modicon number could be, means it.
  CHECK(silent(points(at("2999") + "\ny = { at = 45119, type = \"u16\", unit = \"1\" }",
                      "function = 3\nnumbering = \"wire\"")));
}

TEST_CASE("an address beyond the last register is refused") {
  CHECK(wrong_point("x = { at = »65536, type = \"u16\" }", {"0 to 65535", "found 65536"}) == "");
  CHECK(wrong_point("x = { at = »65535, type = \"f32\" }", {"behind the last register"}) == "");
  CHECK(wrong_point("x = { at = »-1, type = \"u16\" }", {"0 to 65535"}) == "");
  CHECK(wrong_point("x = { at = »400001, type = \"u16\" }", {"numbering = \"modicon\""}) == "");
  CHECK(wrong_point("x = { at = »\"00001\", type = \"u16\" }", {"without quotes"}) == "");
  CHECK(point("x = { at = 65534, type = \"f32\" }").at == 65534);
}

TEST_CASE("a point needs at and type") {
  CHECK(wrong_point("»x = { type = \"u16\" }", {"x: at is missing"}) == "");
  CHECK(wrong_point("»x = { at = 1 }", {"x: type is missing", "\"u16\""}) == "");
  CHECK(wrong_point("x = »5", {"x: expected a point", "number 5"}) == "");
}

TEST_CASE("the type comes from a closed list, also under the names of other programs") {
  CHECK(wrong_point("x = { at = 1, type = »\"u17\" }", {"\"u16\", \"s16\"", "did you mean \"u16\"?"}) == "");
  CHECK(wrong_point("x = { at = 1, type = »\"float32\" }", {"here it is called \"f32\""}) == "");
  for (const auto* type : {"u16", "s16", "u32", "s32", "u64", "s64", "f32", "f64", "bits16", "bits32", "sm16",
                           "pf4q", "mod10k4"}) {
    const Point p = point("x = { at = 1, type = \"" + std::string(type) + "\" }");
    CHECK(text(p.type) == type);
    CHECK(p.registers == registers_of(p.type));
  }
}

TEST_CASE("the unit of a quantity is fixed, and the message names the scale that brings a register to it") {
  CHECK(wrong_point("active_energy_total = { at = 1, type = \"f32\", unit = »\"MWh\", kind = \"counter\" }",
                    {"unit: \"MWh\"", "unit = \"kWh\", scale = 1000"}) == "");
  CHECK(
      wrong_point(
          "active_energy_total = { at = 1, type = \"f32\", unit = »\"Wh\", scale = 10, kind = \"counter\" }",
          {"unit = \"kWh\", scale = 0.01"}) == "");
  CHECK(wrong_point("active_power = { at = 1, type = \"f32\", unit = »\"kW\" }",
                    {"unit = \"W\", scale = 1000"}) == "");
  CHECK(wrong_point("volume_total = { at = 1, type = \"u32\", unit = »\"l\", kind = \"counter\" }",
                    {"unit = \"m3\", scale = 0.001"}) == "");
  CHECK(wrong_point("flow_rate = { at = 1, type = \"f32\", unit = »\"l/s\" }",
                    {"unit = \"m3/h\", scale = 3.6"}) == "");
  CHECK(wrong_point("voltage_l1_n = { at = 1, type = \"f32\", unit = »\"A\" }",
                    {"voltage_l1_n is in \"V\"", "found \"A\""}) == "");
  CHECK(wrong_point("frequency = { at = 1, type = \"f32\", unit = »\"kWh\" }", {"\"Hz\""}) == "");
  CHECK(wrong_point("power_factor = { at = 1, type = \"f32\", unit = »\"%\" }", {"\"1\""}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"f32\", unit = »\"kVA\" }", {"unit = \"VA\", scale = 1000"}) ==
        "");
  CHECK(wrong_point("x = { at = 1, type = \"f32\", unit = »\"Hertz\" }",
                    {"list", "\"kWh\"", "found \"Hertz\""}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"f32\", unit = »\"degc\" }", {"did you mean \"degC\"?"}) == "");
  CHECK(wrong_point("active_power = { at = 1, type = \"f32\", unit = »\"kw\" }",
                    {"unit = \"W\", scale = 1000"}) == "");
  CHECK(wrong_point("ph = { at = 1, type = \"f32\", unit = »\"pH\" }", {"\"count\", found \"pH\""}) == "");
}

TEST_CASE("a unit of the same quantity comes with its scale, another one needs another name") {
  const auto wrong = [](std::string_view line, std::initializer_list<std::string_view> words) {
    return wrong_point(line, words);
  };
  CHECK(wrong("operating_time = { at = 1, type = \"u32\", unit = »\"h\" }", {"unit = \"s\", scale = 3600"}) ==
        "");
  CHECK(wrong("pressure = { at = 1, type = \"u32\", unit = »\"kPa\" }", {"unit = \"bar\", scale = 0.01"}) ==
        "");
  CHECK(wrong("pressure = { at = 1, type = \"u32\", unit = »\"Pa\", scale = 10 }",
              {"unit = \"bar\", scale = 0.0001"}) == "");
  CHECK(wrong("active_energy = { at = 1, type = \"u32\", kind = \"counter\", unit = »\"GJ\" }",
              {"unit = \"kWh\", scale = 277.777777777778"}) == "");
  CHECK(wrong("power_factor = { at = 1, type = \"u32\", unit = »\"%\" }", {"unit = \"1\", scale = 0.01"}) ==
        "");
  CHECK(wrong("volume = { at = 1, type = \"u32\", kind = \"counter\", unit = »\"m3/h\" }",
              {"found \"m3/h\"; give the point another name"}) == "");
  CHECK(wrong("volume = { at = 1, type = \"u32\", kind = \"counter\", unit = »\"l/s\" }",
              {"found \"l/s\"; give the point another name"}) == "");
}

TEST_CASE("a unit that is not in the list has a way out") {
  for (const auto* unit : {"ppm", "pH", "rpm", "degF"}) {
    CHECK(wrong_point("x = { at = 1, type = \"u16\", unit = »\"" + std::string(unit) + "\" }",
                      {unit, "for a plain number write unit = \"1\""}) == "");
  }
  CHECK(wrong_point("x = { at = 1, type = \"u16\", unit = »\"\" }", {"empty", "unit = \"1\""}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", unit = »\"psi\" }", {"unit = \"bar\""}) == "");
}

TEST_CASE("a number without unit and without a name of ours is a plain one, and gets a warning") {
  CHECK(warned_about(points("»energy_total = { at = 0, type = \"f32\" }"), {"plain number", "unit = "}) ==
        "");
  CHECK(warned_about(points("»kwh_import = { at = 0, type = \"f32\", kind = \"counter\" }"),
                     {"plain number"}) == "");
  CHECK(warned_about(points("»total_active_power = { at = 0, type = \"f32\" }"),
                     {"plain number", "active_power_total", "\"W\""}) == "");
  for (const auto* line :
       {"x = { at = 0, type = \"f32\", unit = \"1\" }", "x = { at = 0, type = \"u16\", kind = \"status\" }",
        "x = { at = 0, type = \"bits16\" }", "power_factor = { at = 0, type = \"f32\" }",
        "pulse_count_ch0 = { at = 0, type = \"u32\", kind = \"counter\" }"}) {
    CHECK(read_profile_text(points(line), "p.toml").warnings.empty());
  }
}

TEST_CASE("a quantity with a unit of its own must name it") {
  CHECK(wrong_point("»active_power = { at = 1, type = \"f32\" }", {"unit is missing", "unit = \"W\""}) == "");
  CHECK(point("power_factor = { at = 1, type = \"f32\" }").unit == Unit::none);
}

TEST_CASE("energies, volumes and masses must say their kind") {
  for (const auto* name_and_unit :
       {"active_energy_import\0kWh", "volume_total\0m3", "mass_total\0kg", "heat\0GJ"}) {
    const std::string name = name_and_unit;
    const std::string unit = name_and_unit + name.size() + 1;
    INFO(name);
    CHECK(wrong_point("»" + name + " = { at = 1, type = \"f32\", unit = \"" + unit + "\" }",
                      {"kind is missing", "\"counter\""}) == "");
  }
  CHECK(wrong_point("»volume_total = { at = 1, type = \"f32\", unit = \"setting\" }", {"kind is missing"}) ==
        "");
}

TEST_CASE("a net value is no counter") {
  CHECK(wrong_point("active_energy_net = { at = 1, type = \"s32\", unit = \"kWh\", kind = »\"counter\" }",
                    {"net", "\"gauge\""}) == "");
  CHECK(wrong_point("active_energy_net_l1 = { at = 1, type = \"s32\", unit = \"kWh\", kind = »\"counter\" }",
                    {"net"}) == "");
  CHECK(point("active_energy_net = { at = 1, type = \"s32\", unit = \"kWh\", kind = \"gauge\" }").kind ==
        Kind::gauge);
}

TEST_CASE("the kind comes from a closed list") {
  CHECK(wrong_point("x = { at = 1, type = \"u16\", kind = »\"conter\" }",
                    {"\"gauge\"", "did you mean \"counter\"?"}) == "");
  CHECK(point("x = { at = 1, type = \"bits16\" }").kind == Kind::status);
  CHECK(wrong_point("x = { at = 1, type = \"bits16\", kind = »\"counter\" }", {"bits16 does not count"}) ==
        "");
}

TEST_CASE("a text is for info points only, and needs its length") {
  const Point p = point("serial_number = { at = 1, type = \"ascii\", registers = 8, kind = \"info\" }");
  CHECK(p.registers == 8);
  CHECK(wrong_point("»x = { at = 1, type = \"ascii\", kind = \"info\" }", {"registers is missing"}) == "");
  CHECK(wrong_point("x = { at = 1, type = »\"ascii\", registers = 8 }", {"kind = \"info\""}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"ascii\", registers = 8, kind = »\"status\" }",
                    {"kind = \"info\""}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"ascii\", registers = »126, kind = \"info\" }", {"1 to 125"}) ==
        "");
  CHECK(wrong_point("x = { at = 1, type = \"f32\", registers = »4 }", {"a f32 has 2", "found 4"}) == "");
  CHECK(point("x = { at = 1, type = \"f32\", registers = 2 }").registers == 2);
}

TEST_CASE("info points may be of any type, and their units follow no rule of names") {
  CHECK(point("voltage_primary = { at = 1, type = \"u16\", kind = \"info\" }").unit == Unit::none);
  CHECK(point("word_order = { at = 70, type = \"u16\", kind = \"info\", function = 3 }").function ==
        modbus::Function::read_holding_registers);
}

TEST_CASE("marks for not available are hex, as long as the value") {
  CHECK(point("x = { at = 1, type = \"u16\", not-available = \"ffff\" }").not_available ==
        std::vector<std::vector<std::uint16_t>>{{0xFFFF}});
  CHECK(wrong_point("x = { at = 1, type = \"u32\", not-available = »\"FFFF\" }",
                    {"8 hex digits", "\"FFFFFFFF\"", "\"FFFF\""}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", not-available = [\"FFFF\", »\"GGGG\"] }",
                    {"4 hex digits", "GGGG"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", not-available = »65535 }", {"text in quotes"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"bits16\", not-available = »\"FFFF\" }",
                    {"not-available", "numbers"}) == "");
}

TEST_CASE("a mark of digits alone may be meant as a decimal number, and gets a warning") {
  const auto marked = [](std::string_view type, std::string_view mark) {
    return points("x = { at = 1, unit = \"1\", type = \"" + std::string(type) + "\", not-available = »\"" +
                  std::string(mark) + "\" }");
  };
  CHECK(warned_about(marked("u16", "9999"), {"hexadecimal", "0x9999"}) == "");
  CHECK(warned_about(marked("s32", "99999999"), {"0x99999999"}) == "");
  for (const auto* mark : {"0x9999", "0000", "8000", "7FFF", "FFFF"}) {
    const std::string text = congto::test::marked(marked("u16", mark)).text;
    CHECK(read_profile_text(text, "p.toml").warnings.empty());
  }
}

TEST_CASE("a rollover is positive and belongs to a counter") {
  CHECK(wrong_point("x = { at = 1, type = \"u16\", rollover = »100 }", {"rollover", "counter"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", kind = \"counter\", rollover = »0 }", {"above 0"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", kind = \"counter\", rollover = »-1 }", {"above 0"}) == "");
}

TEST_CASE("a rollover is one that the register can come to") {
  const auto counter = [](std::string_view rest) {
    return "x = { at = 1, kind = \"counter\", unit = \"1\", " + std::string(rest) + " }";
  };
  CHECK(wrong_point(counter("type = \"u32\", scale = 0.01, rollover = »4294967296"),
                    {"u32", "scale = 0.01", "42949672.96"}) == "");
  CHECK(wrong_point(counter("type = \"mod10k4\", rollover = »1e17"), {"10000000000000000 at"}) == "");
  CHECK(point(counter("type = \"u32\", scale = 0.01, rollover = 42949672.96")).rollover);
  CHECK(point(counter("type = \"u64\", rollover = \"18446744073709551616\"")).rollover);
  CHECK(point(counter("type = \"mod10k4\", rollover = 1e16")).rollover);
  // Here the register alone does not say how far the value goes.
  CHECK(point(counter("type = \"u16\", scale-at = 9, rollover = 1e9")).rollover);
  CHECK(point(counter("type = \"u16\", plus = { at = 2, type = \"u16\", scale = 65536 }, rollover = 1e9"))
            .rollover);
  CHECK(point(counter("type = \"f32\", rollover = 1e9")).rollover);
}

TEST_CASE("a counter does not count downwards") {
  CHECK(wrong_point("x = { at = 1, type = \"u16\", unit = \"1\", kind = \"counter\", scale = »-1 }",
                    {"counter", "above 0", "gauge"}) == "");
}

TEST_CASE("a scale is an exact decimal, not 0") {
  CHECK(point("x = { at = 1, type = \"u16\", scale = \"0.1\" }").scale.text() == "0.1");
  CHECK(point("x = { at = 1, type = \"s16\", scale = -1 }").scale.text() == "-1");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", scale = »0 }", {"other than 0"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", scale = »1e19 }", {"18 digits"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", scale = »1e-19 }", {"18 digits"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"bits16\", scale = »2 }", {"numbers"}) == "");
}

TEST_CASE("an added part must come in the same request") {
  CHECK(point("x = { at = 8, type = \"s32\", plus = { at = 10, type = \"f32\" } }").plus ==
        Plus{10, Type::f32});
  CHECK(point("x = { at = 10, type = \"s32\", plus = { at = 8, type = \"f32\" } }").plus ==
        Plus{8, Type::f32});
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = »{ at = 12, type = \"f32\" } }",
                    {"over 2 registers", "max-gap is 0"}) == "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = »{ at = 9, type = \"f32\" } }",
                    {"registers of the value itself"}) == "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = »{ at = 10, type = \"f32\" } }",
                    {"span 4", "max-registers is 3"}, "function = 4\nmax-registers = 3") == "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = »{ at = 70, type = \"f32\" } }",
                    {"max-registers is 50"}, "function = 4\nmax-gap = 124") == "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = »{ at = 10, type = \"ascii\" } }", {"added"}) ==
        "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = »{ at = 10 } }", {"type is missing"}) == "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = { at = 10, type = \"f32\", »scael = 2 } }",
                    {"unknown key \"scael\"", "\"scale\""}) == "");
  CHECK(wrong_point("x = { at = 65534, type = \"u16\", plus = »{ at = 65535, type = \"u32\" } }",
                    {"behind the last register"}) == "");
}

TEST_CASE("an added part has a scale of its own") {
  CHECK(point("x = { at = 8, type = \"s32\", plus = { at = 10, type = \"u16\", scale = 0.001 } }").plus ==
        Plus{10, Type::u16, Decimal(1, -3)});
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = { at = 10, type = \"u16\", scale = »0 } }",
                    {"plus: scale", "other than 0"}) == "");
  CHECK(wrong_point("x = { at = 8, type = \"s32\", plus = { at = 10, type = \"u16\", scale = »-0.1 } }",
                    {"plus: scale", "above 0"}) == "");
}

TEST_CASE("coils: one is a u16, several are bits") {
  CHECK(point("x = { at = 5, type = \"u16\" }", "function = 1").registers == 1);
  CHECK(point("x = { at = 5, type = \"bits16\" }", "function = 2").registers == 16);
  CHECK(point("x = { at = 5, type = \"bits32\", registers = 20 }", "function = 1").registers == 20);
  CHECK(wrong_point("x = { at = 5, type = »\"f32\" }", {"coils", "\"u16\"", "\"f32\""}, "function = 1") ==
        "");
  CHECK(wrong_point("x = { at = 5, type = \"bits16\", registers = »17 }", {"at most 16", "17"},
                    "function = 2") == "");
  CHECK(wrong_point("x = { at = »65530, type = \"bits16\" }", {"last register"}, "function = 1") == "");
}

TEST_CASE("side is primary or secondary") {
  CHECK_FALSE(point("current_l1 = { at = 5, type = \"u16\", unit = \"A\", side = \"primary\" }").secondary);
  CHECK(wrong_point("current_l1 = { at = 5, type = \"u16\", unit = \"A\", side = »\"secundary\" }",
                    {"did you mean \"secondary\"?"}) == "");
}

TEST_CASE("a unit that a menu decides is remembered by name") {
  const Profile profile = good(points("flow_rate = { at = 1, type = \"f32\", unit = \"setting\" }"));
  CHECK(profile.setting_units == std::vector<std::string>{"flow_rate"});
  CHECK(profile.points.at(0).unit == Unit::none);
}

TEST_CASE("head keys keep to their ranges") {
  const auto wrong_head = [](std::string_view key, std::string_view value,
                             std::initializer_list<std::string_view> words) {
    return wrong_about(std::string(key) + " = »" + std::string(value) +
                           "\n[points]\nx = { at = 1, type = \"u16\", function = 3 }",
                       words);
  };
  CHECK(wrong_head("function", "5", {"1 to 4", "5"}) == "");
  CHECK(wrong_head("function", "6", {"1 to 4"}) == "");
  CHECK(wrong_head("max-registers", "126", {"1 to 125"}) == "");
  CHECK(wrong_head("max-registers", "0", {"1 to 125"}) == "");
  CHECK(wrong_head("max-gap", "125", {"0 to 124"}) == "");
  CHECK(wrong_head("align", "5", {"1 to 4"}) == "");
  CHECK(wrong_head("single", "1", {"true or false"}) == "");
  CHECK(wrong_head("pause", "5", {"duration"}) == "");
  CHECK(wrong_head("timeout", "\"49ms\"", {"50ms to 30s"}) == "");
  CHECK(wrong_head("timeout", "\"31s\"", {"50ms to 30s"}) == "");
  CHECK(wrong_head("wake", "\"0s\"", {"1s to 1d"}) == "");
  CHECK(wrong_head("min-interval", "\"1ms\"", {"100ms"}) == "");
  CHECK(wrong_head("word-order", "\"middle\"", {"\"big\" or \"little\""}) == "");
  CHECK(wrong_head("numbering", "\"zero\"", {"\"wire\", \"one\" or \"modicon\""}) == "");
  CHECK(wrong_head("medium", "\"Điện\"", {"small letters"}) == "");
}

TEST_CASE("the factory setting keeps to what serial lines can be") {
  const auto wrong_serial = [](std::string_view line, std::initializer_list<std::string_view> words) {
    return wrong_about(
        "function = 3\n[serial]\n" + std::string(line) + "\n[points]\nx = { at = 1, type = \"u16\" }", words);
  };
  CHECK(wrong_serial("baud = »9601", {"9600", "9601"}) == "");
  CHECK(wrong_serial("parity = »\"N\"", {"\"none\", \"even\" or \"odd\""}) == "");
  CHECK(wrong_serial("stop-bits = »3", {"1 to 2"}) == "");
  CHECK(wrong_serial("»bauds = 9600", {"unknown key \"bauds\"", "did you mean \"baud\"?"}) == "");
}

TEST_CASE("unknown and misplaced keys are refused with the nearest word or their place") {
  CHECK(wrong_point("x = { at = 1, »tpye = \"u16\", type = \"u16\" }",
                    {"unknown key \"tpye\"", "point x", "did you mean \"type\"?"}) == "");
  CHECK(wrong_about("function = 3\n»at = 5\n[points]\nx = { at = 1, type = \"u16\" }",
                    {"\"at\"", "belongs in a point"}) == "");
  CHECK(wrong_about("function = 3\n»baud = 9600\n[points]\nx = { at = 1, type = \"u16\" }",
                    {"\"baud\"", "[serial]", "[[bus]]"}) == "");
  CHECK(wrong_about("function = 3\n»every = \"1s\"\n[points]\nx = { at = 1, type = \"u16\" }",
                    {"\"every\"", "[[meter]]"}) == "");
  CHECK(wrong_point("x = { at = 1, type = \"u16\", »from = \"y\" }", {"\"from\"", "[meter.points]"}) == "");
  CHECK(wrong_about("function = 3\n[points]\nx = { at = 1, type = \"u16\" }\n[»serail]\nbaud = 9600",
                    {"\"serail\"", "\"serial\""}) == "");
}

TEST_CASE("names of points are of small letters, digits and _") {
  CHECK(wrong_point("»Voltage-L1 = { at = 1, type = \"u16\" }", {"Voltage-L1", "small letters"}) == "");
}

TEST_CASE("a wrong key is not followed by the complaint that it is missing") {
  CHECK(wrong_point("active_power = { at = 1, type = \"f32\", »unti = \"W\" }", {"\"unti\"", "\"unit\""}) ==
        "");
  CHECK(wrong_point("x = { at = »\"a\", type = \"f32\" }", {"register number", "\"a\""}) == "");
}

TEST_CASE("a profile without points is refused") {
  CHECK(wrong_about("»function = 3\n", {"points is missing"}) == "");
  CHECK(wrong_about("function = 3\n»[points]\n", {"[points] is empty"}) == "");
}

TEST_CASE("a profile that names no function warns that holding registers are read") {
  CHECK(warned_about("»[points]\nx = { at = 1, type = \"u16\", unit = \"1\" }", {"function", "3", "4"}) ==
        "");
}

TEST_CASE("errors of meaning come all at once, in the order of the file") {
  const ProfileFile file = read_profile_text(
      "function = 9\nbuad = 1\n[points]\nz = { at = 1, type = \"x\" }\na = { at = -1, type = \"u16\" }\n",
      "p.toml");
  std::vector<unsigned> lines;
  for (const auto& error : file.errors) lines.push_back(error.line);
  CHECK_FALSE(file.profile);
  CHECK(lines == std::vector<unsigned>{1, 2, 4, 5});
}

TEST_CASE("a meter of the whole profile reads its points and keeps info apart") {
  const Profile profile = good(
      points("x = { at = 1, type = \"u16\" }\nserial_number = { at = 9, type = \"u32\", kind = \"info\" }"));
  const Meter meter = whole_meter(profile, "m", "line-1", 7);
  CHECK(meter.name == "m");
  CHECK(meter.bus == "line-1");
  CHECK(meter.unit_id == 7);
  CHECK(meter.profile == "p");
  REQUIRE(meter.points.size() == 1);
  CHECK(meter.points[0].name == "x");
  REQUIRE(meter.info.size() == 1);
  CHECK(meter.info[0].name == "serial_number");
}
