// Registers become exactly the value that the meter's manual says, or a reason why there is none.
#include "drivers/meter/decode.hpp"

#include <bit>
#include <limits>
#include <memory>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/points.hpp"

using namespace congto::meter;
using congto::Decimal;
using congto::test::make_point;
using congto::test::make_text_point;
using congto::test::scaled;

namespace {

using Words = std::vector<std::uint16_t>;

// The value's text, with the quality in front where it is not good.
std::string decoded(const Point& point, const Words& words) {
  const Reading reading = decode(point, words);
  CHECK(reading.point == &point);
  if (reading.quality == Quality::good) return reading.value.text();
  if (reading.quality == Quality::implausible) return "implausible " + reading.value.text();
  return text(reading.quality);
}

std::string decoded(Type type, const Words& words, WordOrder order = WordOrder::big) {
  return decoded(make_point("p", 0, type, order), words);
}

Words float_words(float value) {
  const auto raw = std::bit_cast<std::uint32_t>(value);
  return {static_cast<std::uint16_t>(raw >> 16), static_cast<std::uint16_t>(raw)};
}

Words float_words(double value) {
  const auto raw = std::bit_cast<std::uint64_t>(value);
  return {static_cast<std::uint16_t>(raw >> 48), static_cast<std::uint16_t>(raw >> 32),
          static_cast<std::uint16_t>(raw >> 16), static_cast<std::uint16_t>(raw)};
}

}  // namespace

TEST_CASE("integers of every width, signed and unsigned") {
  CHECK(decoded(Type::u16, {0xFFFF}) == "65535");
  CHECK(decoded(Type::s16, {0xFFFF}) == "-1");
  CHECK(decoded(Type::s16, {0x8000}) == "-32768");
  CHECK(decoded(Type::u32, {0xFFFF, 0xFFFE}) == "4294967294");
  CHECK(decoded(Type::s32, {0xFFFF, 0xFFFE}) == "-2");
  CHECK(decoded(Type::s32, {0x8000, 0x0000}) == "-2147483648");
  CHECK(decoded(Type::u64, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}) == "18446744073709551615");
  CHECK(decoded(Type::s64, {0x8000, 0, 0, 0}) == "-9223372036854775808");
  CHECK(decoded(Type::bits16, {0x8001}) == "32769");
  CHECK(decoded(Type::bits32, {0x8000, 0x0001}) == "2147483649");
}

TEST_CASE("big word order has the high word first, little the low word first") {
  CHECK(decoded(Type::u32, {0x0001, 0x0002}) == "65538");
  CHECK(decoded(Type::u32, {0x0001, 0x0002}, WordOrder::little) == "131073");
  CHECK(decoded(Type::f32, {0x3333, 0x4366}, WordOrder::little) == "230.2");
}

TEST_CASE("little word order turns all four words of a 64-bit value around") {
  CHECK(decoded(Type::u64, {1, 2, 3, 4}) == std::to_string(0x0001'0002'0003'0004));
  CHECK(decoded(Type::u64, {4, 3, 2, 1}, WordOrder::little) == std::to_string(0x0001'0002'0003'0004));
  Words words = float_words(-1234.5678);
  std::reverse(words.begin(), words.end());
  CHECK(decoded(Type::f64, words, WordOrder::little) == "-1234.5678");
}

TEST_CASE("a float is its shortest decimal") {
  CHECK(decoded(Type::f32, float_words(230.2F)) == "230.2");
  CHECK(decoded(Type::f32, float_words(-0.0F)) == "0");
  CHECK(decoded(Type::f64, float_words(0.1)) == "0.1");
}

TEST_CASE("NaN and infinite floats are not available") {
  const float no_number =
      GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
               -std::numeric_limits<float>::infinity());
  CHECK(decoded(Type::f32, float_words(no_number)) == "not-available");
  CHECK(decoded(Type::f64, float_words(double{no_number})) == "not-available");
  CHECK(decoded(Type::pf4q, float_words(no_number)) == "not-available");
}

TEST_CASE("sign and magnitude: bit 15 is the sign") {
  CHECK(decoded(Type::sm16, {0x03B6}) == "950");
  CHECK(decoded(Type::sm16, {0x83B6}) == "-950");
  CHECK(decoded(Type::sm16, {0x8000}) == "0");
  CHECK(decoded(Type::sm16, {0xFFFF}) == "-32767");
}

TEST_CASE("the four-quadrant power factor is unfolded") {
  CHECK(decoded(Type::pf4q, float_words(0.95F)) == "0.95");
  CHECK(decoded(Type::pf4q, float_words(-0.95F)) == "-0.95");
  CHECK(decoded(Type::pf4q, float_words(1.0F)) == "1");
  CHECK(decoded(Type::pf4q, float_words(1.05F)) == "0.95");
  CHECK(decoded(Type::pf4q, float_words(-1.05F)) == "-0.95");
  CHECK(decoded(Type::pf4q, float_words(2.0F)) == "0");
  CHECK(decoded(Type::pf4q, float_words(2.5F)) == "implausible 2.5");
  CHECK(decoded(Type::pf4q, float_words(-2.5F)) == "implausible -2.5");
}

TEST_CASE("modulo-10000 groups come lowest first, whatever the profile's word order") {
  CHECK(decoded(Type::mod10k4, {5678, 1234, 0, 0}) == "12345678");
  CHECK(decoded(Type::mod10k4, {5678, 1234, 0, 0}, WordOrder::little) == "12345678");
  CHECK(decoded(Type::mod10k4, {9999, 9999, 9999, 9999}) == "9999999999999999");
}

TEST_CASE("a modulo-10000 group above 9999 is implausible and given as computed") {
  CHECK(decoded(Type::mod10k4, {10000, 1, 0, 0}) == "implausible 20000");
}

TEST_CASE("an integer takes the scale's decimals, a float its own") {
  CHECK(decoded(scaled(make_point("voltage_l1_n", 0, Type::u16), "0.1"), {2302}) == "230.2");
  CHECK(decoded(scaled(make_point("current_l1", 0, Type::u16), "0.1"), {599}) == "59.9");
  CHECK(decoded(scaled(make_point("active_energy_import", 0, Type::s64), "0.001"), {0, 0, 0x0012, 0xD687}) ==
        "1234.567");
  CHECK(decoded(scaled(make_point("active_power", 0, Type::f32), "1000"), float_words(7.4215F)) == "7421.5");
  CHECK(decoded(scaled(make_point("flow_rate", 0, Type::f32), "3.6"), float_words(0.1F)) == "0.36");
  CHECK(decoded(scaled(make_point("p", 0, Type::s16), "-1"), {5}) == "-5");
}

TEST_CASE("the scale register is a signed power of ten") {
  Point point = make_point("voltage_l1_n", 100, Type::s16);
  point.scale_at = 200;
  CHECK(decoded(point, {2302, 0xFFFF}) == "230.2");
  CHECK(decoded(point, {2302, 0}) == "2302");
  CHECK(decoded(point, {2302, 2}) == "230200");
  CHECK(decoded(point, {0, 2}) == "0");
  CHECK(decoded(scaled(point, "1000"), {2302, 0xFFFF}) == "230200");
}

TEST_CASE("a scale register outside -18 to 18 makes the value not available") {
  Point point = make_point("voltage_l1_n", 100, Type::s16);
  point.scale_at = 200;
  CHECK(decoded(point, {1, 18}) == "1000000000000000000");
  CHECK(decoded(point, {1, 0xFFEE}) == "1e-18");
  CHECK(decoded(point, {1, 19}) == "not-available");
  CHECK(decoded(point, {1, 0xFFED}) == "not-available");
  CHECK(decoded(point, {1, 0x8000}) == "not-available");
}

TEST_CASE("an added part is multiplied by its own scale before the sum") {
  Point point = make_point("active_energy_import", 8, Type::u32);
  point.plus = Plus{10, Type::u16, Decimal(1, -3)};
  CHECK(decoded(point, {0, 1234, 567}) == "1234.567");
  point.scale = Decimal(10, 0);
  CHECK(decoded(point, {0, 1234, 567}) == "12345.67");
}

TEST_CASE("the fraction is added before the scale is applied") {
  Point point = make_point("volume_forward", 8, Type::s32, WordOrder::little);
  point.plus = Plus{10, Type::f32};
  Words words = {23, 0};
  const Words fraction = float_words(0.75F);
  words.insert(words.end(), fraction.rbegin(), fraction.rend());
  CHECK(decoded(point, words) == "23.75");
  CHECK(decoded(scaled(point, "0.1"), words) == "2.375");
}

TEST_CASE("a negative total takes its negative fraction, and is not implausible") {
  Point point = make_point("energy_reverse", 20, Type::s32);
  point.kind = Kind::counter;
  point.plus = Plus{22, Type::f32};
  Words words = {0xFFFF, 0xFBB0};
  const Words fraction = float_words(-0.25F);
  words.insert(words.end(), fraction.begin(), fraction.end());
  CHECK(decoded(point, words) == "-1104.25");
}

TEST_CASE("a fraction that is no number makes the whole not available") {
  Point point = make_point("volume_forward", 8, Type::s32);
  point.plus = Plus{10, Type::f32};
  CHECK(decoded(point, {0, 23, 0x7FC0, 0}) == "not-available");
}

TEST_CASE("a fraction too small to add leaves the total as it is") {
  Point point = make_point("volume_forward", 8, Type::s32);
  point.plus = Plus{10, Type::f32};
  CHECK(decoded(point, {0, 23, 0x0000, 0x0001}) == "23");  // 1.4e-45
}

TEST_CASE("scale register and fraction lie behind the value, in this order") {
  Point point = make_point("p", 0, Type::u16);
  point.scale_at = 50;
  point.plus = Plus{1, Type::u16};
  CHECK(decoded(point, {100, 0xFFFE, 23}) == "1.23");
}

TEST_CASE("transformer ratios are exact where the division ends") {
  Point point = scaled(make_point("current_l1", 0, Type::u16), "0.001");
  point.ratio = {200, 5};
  CHECK(decoded(point, {4321}) == "172.84");
  point.ratio = {1, 8};
  CHECK(decoded(point, {1}) == "0.000125");
  point.ratio = {100, 3};
  CHECK(decoded(point, {3}) == "0.1");
  point.ratio = {3, 640};
  CHECK(decoded(point, {1}) == "0.0000046875");
}

TEST_CASE("transformer ratios whose division does not end are rounded to 15 digits") {
  Point point = make_point("voltage_l1_l2", 0, Type::s32);
  point.ratio = {1, 3};
  CHECK(decoded(point, {0, 1}) == "0.333333333333333");
  CHECK(decoded(point, {0, 2}) == "0.666666666666667");
  CHECK(decoded(point, {0xFFFF, 0xFFFE}) == "-0.666666666666667");
  CHECK(decoded(point, {0, 100}) == "33.3333333333333");
  CHECK(decoded(point, {0, 0}) == "0");
  point.ratio = {1, 7};
  CHECK(decoded(point, {0, 1'000}) == "142.857142857143");
  Point wide = make_point("active_energy_import", 0, Type::u64);
  wide.ratio = {1, 3};
  CHECK(decoded(wide, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFE}) == "6148914691236520000");  // …517204.67
}

TEST_CASE("not-available marks are compared with the raw registers, highest first in both word orders") {
  Point big = make_point("p", 0, Type::u32);
  big.not_available = {{0x8000, 0x0001}};
  CHECK(decoded(big, {0x8000, 0x0001}) == "not-available");
  CHECK(decoded(big, {0x0001, 0x8000}) == "98304");
  Point little = big;
  little.word_order = WordOrder::little;
  CHECK(decoded(little, {0x0001, 0x8000}) == "not-available");
  CHECK(decoded(little, {0x8000, 0x0001}) == "98304");
}

TEST_CASE("each of several marks counts, also for floats, and a mark of another length never") {
  Point point = make_point("p", 0, Type::f32);
  point.not_available = {{0xFFFF}, {0xC479, 0xC000}, {0x0000, 0x0000}};  // -999
  CHECK(decoded(point, float_words(-999.0F)) == "not-available");
  CHECK(decoded(point, {0, 0}) == "not-available");
  CHECK(decoded(point, float_words(1.0F)) == "1");
}

TEST_CASE("text ends at NUL, without the padding behind it") {
  const auto text_of = [](const Words& words) {
    return decode(make_text_point("serial_number", 0, static_cast<std::uint16_t>(words.size())), words).text;
  };
  CHECK(text_of({0x5344, 0x4D36, 0x3330, 0x0000}) == "SDM630");
  CHECK(text_of({0x4142, 0x4300, 0x5858}) == "ABC");
  CHECK(text_of({0x4142, 0x2020, 0xFFFF}) == "AB");
  CHECK(text_of({0x4120, 0x4220}) == "A B");
  CHECK(text_of({0x41C3, 0x0742}) == "A??B");
  CHECK(text_of({0x0000}).empty());
}

TEST_CASE("text keeps its order in a profile of little word order") {
  Point point = make_text_point("serial_number", 0, 2);
  point.word_order = WordOrder::little;
  CHECK(decode(point, Words{0x4142, 0x4344}).text == "ABCD");
}

TEST_CASE("coils: one word each, the first coil is bit 0") {
  Point coil = make_point("alarm", 3, Type::u16);
  coil.function = congto::modbus::Function::read_discrete_inputs;
  CHECK(decoded(coil, {1}) == "1");
  CHECK(decoded(coil, {0}) == "0");
  Point bits = make_point("inputs", 0, Type::bits16);
  bits.function = congto::modbus::Function::read_coils;
  bits.registers = 16;
  Words words(16, 0);
  words[0] = words[3] = words[15] = 1;
  CHECK(decoded(bits, words) == std::to_string(1 + 8 + 32768));
}

TEST_CASE("a value that needs more than 38 digits is not available instead of wrong") {
  const Point point = scaled(make_point("p", 0, Type::u64), "1.23456789012345678901234567");
  CHECK(decoded(point, {0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF}) == "not-available");
  CHECK(decoded(point, {0, 0, 0, 2}) == "2.46913578024691357802469134");
}

TEST_CASE("another number of words than the point has is a mistake of the caller") {
  const Point point = make_point("p", 0, Type::u32);
  CHECK_THROWS_AS(decode(point, Words{1}), std::invalid_argument);
  CHECK_THROWS_AS(decode(point, Words{1, 2, 3}), std::invalid_argument);
}

TEST_CASE("a sample decodes in layout order, what was not read keeps its reason") {
  LayoutMeter meter;
  meter.name = "compressor-1";
  meter.points = {scaled(make_point("voltage_l1_n", 0, Type::u16), "0.1"),
                  make_point("active_power", 1, Type::f32), make_point("frequency", 3, Type::u16)};
  Sample sample;
  sample.layout = std::make_shared<const Layout>(std::vector{meter});
  sample.words = {2302, 0, 0, 50};
  sample.quality = {Quality::good, exception_quality(2), Quality::good};
  std::vector<Reading> readings(7);
  decode(sample, readings);
  REQUIRE(readings.size() == 3);
  CHECK(readings[0].point->name == "voltage_l1_n");
  CHECK(readings[0].value.text() == "230.2");
  CHECK(readings[1].point->name == "active_power");
  CHECK(readings[1].quality == exception_quality(2));
  CHECK(readings[2].value.text() == "50");
  sample.words.pop_back();
  CHECK_THROWS_AS(decode(sample, readings), std::invalid_argument);
}
