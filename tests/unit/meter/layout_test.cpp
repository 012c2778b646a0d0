// A layout survives its text, and its id is the same for the same layout only.
#include "drivers/meter/layout.hpp"

#include <random>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/support/points.hpp"

using namespace congto::meter;
using congto::Decimal;
using congto::test::make_point;

namespace {

LayoutMeter meter_with(std::vector<Point> points) {
  LayoutMeter meter;
  meter.name = "compressor-1";
  meter.bus = "line-1";
  meter.unit_id = 1;
  meter.profile = "eastron-sdm630-v2";
  meter.medium = "electricity";
  meter.every = std::chrono::seconds(10);
  meter.points = std::move(points);
  return meter;
}

class RandomPoints {
 public:
  Point point() {
    Point made;
    made.name = "p_" + std::to_string(number(100'000));
    made.function = static_cast<congto::modbus::Function>(1 + number(4));
    made.at = word();
    made.registers = static_cast<std::uint16_t>(1 + number(125));
    made.type = static_cast<Type>(number(static_cast<unsigned>(Type::ascii) + 1));
    made.word_order = chance() ? WordOrder::little : WordOrder::big;
    made.unit = all_units()[number(static_cast<unsigned>(all_units().size()))];
    if (chance()) made.scale = decimal();
    if (chance()) made.scale_at = word();
    if (chance()) made.plus = Plus{word(), static_cast<Type>(number(static_cast<unsigned>(Type::ascii)))};
    if (made.plus && chance()) made.plus->scale = decimal();
    made.kind = static_cast<Kind>(number(4));
    if (chance()) made.rollover = decimal();
    while (chance()) made.not_available.push_back(std::vector<std::uint16_t>{word(), word()});
    if (chance())
      made.ratio = {static_cast<std::int64_t>(1 + number(22'000)),
                    static_cast<std::int64_t>(1 + number(110))};
    made.secondary = chance();
    made.verify = chance();
    return made;
  }

  LayoutMeter meter() {
    LayoutMeter made = meter_with({});
    made.name += std::to_string(number(1000));
    made.unit_id = static_cast<congto::modbus::UnitId>(number(256));
    made.every = std::chrono::milliseconds(number(1'000'000));
    while (random_() % 4 != 0) made.points.push_back(point());
    return made;
  }

  std::size_t number(unsigned below) { return random_() % below; }

 private:
  bool chance() { return random_() % 2 == 0; }
  std::uint16_t word() { return static_cast<std::uint16_t>(random_()); }
  Decimal decimal() {
    return {static_cast<int>(number(2'000'000)) - 1'000'000, static_cast<int>(number(30)) - 15};
  }

  std::mt19937 random_{1};
};

}  // namespace

TEST_CASE("the text is canonical JSON with defaults left out") {
  Point point = make_point("voltage_l1_n", 0, Type::f32);
  point.function = congto::modbus::Function::read_input_registers;
  point.unit = Unit::volt;
  const Layout layout({meter_with({point})});
  CHECK(layout.text() ==
        R"({"v":1,"meters":[{"name":"compressor-1","bus":"line-1","unit_id":1,"profile":"eastron-sdm630-v2",)"
        R"("medium":"electricity","every":10000,"points":[{"name":"voltage_l1_n","function":4,"at":0,)"
        R"("registers":2,"type":"f32","unit":"V","kind":"gauge"}]}]})");
}

TEST_CASE("the id of a layout never changes, for journals keep it") {
  const Layout layout({meter_with({})});
  CHECK(layout.id() == "d1eaf924cfdc5ede89c521ab48d277d8");
}

TEST_CASE("every field of every point comes back from the text") {
  RandomPoints random;
  for (int i = 0; i < 300; ++i) {
    std::vector<LayoutMeter> meters;
    for (std::size_t n = random.number(4); n > 0; --n) meters.push_back(random.meter());
    const Layout layout(meters);
    CAPTURE(layout.text());
    const auto again = Layout::parse(layout.text());
    REQUIRE(again);
    REQUIRE((*again)->meters() == meters);
    REQUIRE((*again)->id() == layout.id());
  }
}

TEST_CASE("layouts that differ in any field of a point have different ids") {
  const Point base = make_point("p", 10, Type::u32);
  std::vector<Point> variants(16, base);
  variants[1].name = "q";
  variants[2].function = congto::modbus::Function::read_input_registers;
  variants[3].at = 11;
  variants[4].registers = 3;
  variants[5].type = Type::s32;
  variants[6].word_order = WordOrder::little;
  variants[7].unit = Unit::watt;
  variants[8].scale = Decimal(1, -1);
  variants[9].scale_at = 0;
  variants[10].plus = Plus{0, Type::f32};
  variants[11].kind = Kind::counter;
  variants[12].rollover = Decimal(1, 6);
  variants[13].not_available = {{0xFFFF, 0xFFFF}};
  variants[14].ratio = {200, 5};
  variants[15].secondary = true;
  std::set<std::string> ids;
  for (const auto& variant : variants) ids.insert(Layout({meter_with({variant})}).id());
  Point verify = base;
  verify.verify = true;
  ids.insert(Layout({meter_with({verify})}).id());
  CHECK(ids.size() == 17);
}

TEST_CASE("the scale of an added part is in the text where it is not 1") {
  Point point = make_point("p", 0, Type::u32);
  point.plus = Plus{2, Type::u16};
  CHECK(Layout({meter_with({point})}).text().find(R"("plus":{"at":2,"type":"u16"},)") != std::string::npos);
  point.plus->scale = Decimal(1, -3);
  CHECK(Layout({meter_with({point})}).text().find(R"("plus":{"at":2,"type":"u16","scale":"0.001"},)") !=
        std::string::npos);
}

TEST_CASE("the same scale written differently is the same layout") {
  Point point = make_point("p", 0, Type::u16);
  point.scale = Decimal(150, -2);
  Point same = point;
  same.scale = Decimal(15, -1);
  CHECK(Layout({meter_with({point})}).id() == Layout({meter_with({same})}).id());
}

TEST_CASE("names that need escapes survive") {
  LayoutMeter meter = meter_with({});
  meter.name = "máy nén \"1\"\\";
  const auto again = Layout::parse(Layout({meter}).text());
  REQUIRE(again);
  CHECK((*again)->meters().front().name == meter.name);
}

TEST_CASE("a damaged text is refused with the reason") {
  const std::string good = Layout({meter_with({make_point("p", 0, Type::u32)})}).text();
  REQUIRE(Layout::parse(good));
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  const std::string bad = GENERATE_COPY(
      std::string(), std::string("{}"), std::string("[1]"), good.substr(0, good.size() - 1), good + " ",
      changed("\"v\":1", "\"v\":2"), changed("\"u32\"", "\"u33\""),
      changed("\"function\":3", "\"function\":6"), changed("\"at\":0", "\"at\":70000"),
      changed("\"at\":0", "\"at\":-1"), changed("\"at\":0", "\"at\": 0"), changed("\"at\":0", "\"at\":\"0\""),
      changed("\"registers\":2,", ""), changed("\"unit_id\":1", "\"unit_id\":256"),
      changed("\"kind\":\"gauge\"", "\"kind\":\"gauge\",\"scale\":\"1\""),
      changed("\"kind\":\"gauge\"", "\"kind\":\"gauge\",\"scale\":\"x\""),
      changed("\"kind\":\"gauge\"", "\"kind\":\"gauge\",\"not_available\":[\"fff\"]"),
      changed("\"kind\":\"gauge\"", "\"kind\":\"gauge\",\"ratio\":{\"primary\":0,\"secondary\":5}"));
  CAPTURE(bad);
  const auto parsed = Layout::parse(bad);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().message.find("layout") == 0);
}

TEST_CASE("any single damaged byte changes the layout or is refused") {
  RandomPoints random;
  const Layout layout({random.meter(), random.meter()});
  const std::string good = layout.text();
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ (1 << random.number(7)));
    const auto parsed = Layout::parse(bad);
    if (parsed) REQUIRE((*parsed)->id() != layout.id());
  }
}

TEST_CASE("the words of a meter's sample are those of its points") {
  Point point = make_point("p", 0, Type::u32);
  point.scale_at = 9;
  point.plus = Plus{2, Type::f32};
  CHECK(meter_with({point, make_point("q", 0, Type::u64)}).raw_words() == 9);
  CHECK(meter_with({}).raw_words() == 0);
}
