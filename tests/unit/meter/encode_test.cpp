// encode() is the opposite of decode(): what a simulated meter is given comes back, to the point's
// resolution.
#include "drivers/meter/encode.hpp"

#include <cmath>
#include <limits>
#include <random>

#include "drivers/meter/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/points.hpp"

using namespace congto::meter;
using congto::Decimal;
using congto::test::make_point;
using congto::test::make_text_point;
using congto::test::scaled;

namespace {

double decoded(const Point& point, double value) {
  const Reading reading = decode(point, encode(point, value));
  REQUIRE(reading.quality == Quality::good);
  return reading.value.to_double();
}

// The largest magnitude of an integer type that a double still holds exactly with a scale.
double range_of(Type type) {
  switch (type) {
    case Type::u16:
    case Type::bits16:
      return 65'535;
    case Type::s16:
    case Type::sm16:
      return 32'767;
    case Type::u32:
    case Type::bits32:
      return 4'294'967'295.0;
    case Type::s32:
      return 2'147'483'647.0;
    default:
      return 1e12;
  }
}

bool is_signed(Type type) {
  return type == Type::s16 || type == Type::s32 || type == Type::s64 || type == Type::sm16;
}

}  // namespace

TEST_CASE("integers of every type, order, scale and ratio come back rounded to their resolution") {
  const auto type = GENERATE(Type::u16, Type::s16, Type::u32, Type::s32, Type::u64, Type::s64, Type::bits16,
                             Type::bits32, Type::sm16, Type::mod10k4);
  const auto order = GENERATE(WordOrder::big, WordOrder::little);
  const auto* const scale = GENERATE("1", "0.1", "0.001", "1000", "3.6");
  const Ratio ratio = GENERATE(Ratio{1, 1}, Ratio{200, 5}, Ratio{22'000, 110});
  Point point = scaled(make_point("p", 0, type, order), scale);
  point.ratio = ratio;
  const double resolution =
      point.scale.to_double() * static_cast<double>(ratio.primary) / static_cast<double>(ratio.secondary);
  std::mt19937_64 random(1);
  for (int i = 0; i < 200; ++i) {
    const double most = range_of(type) * resolution;
    const double value = std::uniform_real_distribution<double>(is_signed(type) ? -most : 0, most)(random);
    const double back = decoded(point, value);
    REQUIRE(std::abs(back - value) <= resolution * 0.5 * (1 + 1e-3));
    REQUIRE(decoded(point, back) == back);
  }
}

TEST_CASE("floats come back as near as the type can say") {
  const auto type = GENERATE(Type::f32, Type::f64);
  const auto order = GENERATE(WordOrder::big, WordOrder::little);
  const auto* const scale = GENERATE("1", "0.1", "0.001", "1000");
  const Point point = scaled(make_point("p", 0, type, order), scale);
  const double relative =
      type == Type::f32 ? 1.2e-7 : 3e-16;  // a unit in the last place: float, then decimal
  std::mt19937_64 random(2);
  for (int i = 0; i < 500; ++i) {
    const double value = std::uniform_real_distribution<double>(-1e6, 1e6)(random);
    const double back = decoded(point, value);
    REQUIRE(std::abs(back - value) <= std::abs(value) * relative);
    if (point.scale == Decimal(1, 0)) REQUIRE(encode(point, back) == encode(point, value));
  }
}

TEST_CASE("values in whole steps of the scale come back exactly") {
  const Point point = scaled(make_point("voltage_l1_n", 0, Type::u16), "0.1");
  for (int tenths = 0; tenths <= 65'535; ++tenths) {
    REQUIRE(encode(point, tenths / 10.0) == std::vector<std::uint16_t>{static_cast<std::uint16_t>(tenths)});
  }
}

TEST_CASE("beyond the range a point gives the end of its range") {
  CHECK(decoded(make_point("p", 0, Type::u16), -5) == 0);
  CHECK(decoded(make_point("p", 0, Type::u16), 1e9) == 65'535);
  CHECK(decoded(make_point("p", 0, Type::s16), -1e9) == -32'768);
  CHECK(decoded(make_point("p", 0, Type::sm16), -1e9) == -32'767);
  CHECK(decoded(make_point("p", 0, Type::mod10k4), 1e30) == 9'999'999'999'999'999.0);
  CHECK(decode(make_point("p", 0, Type::u64), encode(make_point("p", 0, Type::u64), 1e30)).value.text() ==
        "18446744073709551615");
  CHECK(decode(make_point("p", 0, Type::s64), encode(make_point("p", 0, Type::s64), -1e30)).value.text() ==
        "-9223372036854775808");
}

TEST_CASE("an integer with a fraction keeps both parts, also below zero") {
  Point point = make_point("volume_forward", 8, Type::s32, WordOrder::little);
  point.plus = Plus{10, Type::f32};
  CHECK(decoded(point, 28785.5) == 28785.5);
  CHECK(decoded(point, -1104.25) == -1104.25);
  CHECK(std::abs(decoded(point, 1'234'567.891) - 1'234'567.891) < 1e-7);
}

TEST_CASE("an added part of whole steps keeps what its scale says") {
  Point point = make_point("active_energy_import", 8, Type::u32);
  point.plus = Plus{10, Type::u16, Decimal(1, -3)};
  CHECK(encode(point, 28785.5) == std::vector<std::uint16_t>{0, 28785, 500});
  CHECK(encode(point, 12.9999) == std::vector<std::uint16_t>{0, 13, 0});
  for (int thousandths = 0; thousandths < 20'000; ++thousandths) {
    REQUIRE(decode(point, encode(point, thousandths / 1000.0)).value == Decimal(thousandths, -3));
  }
  point.plus->scale = Decimal(10'000, 0);  // the register above
  point.type = Type::u16;
  point.registers = 1;
  CHECK(encode(point, 28785) == std::vector<std::uint16_t>{8785, 2});
  CHECK(decoded(point, 28785) == 28785);
}

TEST_CASE("a point with a scale register is given the exponent 0") {
  Point point = make_point("voltage_l1_n", 100, Type::s16);
  point.scale_at = 200;
  CHECK(encode(point, 230) == std::vector<std::uint16_t>{230, 0});
}

TEST_CASE("the power factor comes back from the four-quadrant form") {
  const Point point = make_point("power_factor", 0, Type::pf4q);
  for (const double value : {-1.0, -0.5, 0.0, 0.875, 1.0}) CHECK(decoded(point, value) == value);
}

TEST_CASE("NaN becomes the point's not-available mark") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  Point point = make_point("p", 0, Type::u32, WordOrder::little);
  point.not_available = {{0x7FFF, 0xFFFE}};
  CHECK(encode(point, nan) == std::vector<std::uint16_t>{0xFFFE, 0x7FFF});
  CHECK(decode(point, encode(point, nan)).quality == Quality::not_available);
  const Point real = make_point("p", 0, Type::f32);
  CHECK(decode(real, encode(real, nan)).quality == Quality::not_available);
}

TEST_CASE("coils come back") {
  Point point = make_point("inputs", 0, Type::bits16);
  point.function = congto::modbus::Function::read_coils;
  point.registers = 16;
  for (const double value : {0.0, 1.0, 0x8001 * 1.0, 65'535.0}) CHECK(decoded(point, value) == value);
}

TEST_CASE("text comes back, cut to the point's length") {
  const Point point = make_text_point("serial_number", 0, 3);
  CHECK(decode(point, encode_text(point, "SDM")).text == "SDM");
  CHECK(decode(point, encode_text(point, "SDM630-V2")).text == "SDM630");
  CHECK(decode(point, encode(point, 12.5)).text == "12.5");
}
