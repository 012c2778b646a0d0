// Decimal: exact values, their text, and its agreement with binary floats.
#include "drivers/core/decimal.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include "tests/support/catch.hpp"

using congto::Decimal;
using congto::Int128;

namespace {

Decimal decimal(std::string_view text) {
  const auto value = Decimal::parse(text);
  REQUIRE(value);
  return *value;
}

std::string product(std::string_view a, std::string_view b) {
  const auto value = decimal(a).times(decimal(b));
  return value ? value->text() : "nothing";
}

std::string sum(std::string_view a, std::string_view b) {
  const auto value = decimal(a).plus(decimal(b));
  return value ? value->text() : "nothing";
}

template <class Float>
Float read_back(const std::string& text) {
  Float value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  REQUIRE(error == std::errc{});
  REQUIRE(end == text.data() + text.size());
  return value;
}

Decimal random_decimal(std::mt19937_64& random, int most_digits, int exponent_range) {
  std::uniform_int_distribution<int> digits(0, most_digits);
  std::uniform_int_distribution<int> digit(0, 9);
  Int128 coefficient = 0;
  for (int left = digits(random); left > 0; --left) coefficient = coefficient * 10 + digit(random);
  if (random() % 2 == 0) coefficient = -coefficient;
  return {coefficient, std::uniform_int_distribution<int>(-exponent_range, exponent_range)(random)};
}

}  // namespace

TEST_CASE("a scaled integer keeps the scale's decimals") {
  CHECK(product("599", "0.1") == "59.9");
  CHECK(product("2302", "0.1") == "230.2");
  CHECK(product("-5", "0.001") == "-0.005");
  CHECK(product("10", "0.1") == "1");
  CHECK(product("0", "0.001") == "0");
  CHECK(product("7", "1000") == "7000");
}

TEST_CASE("text is plain while short and scientific beyond") {
  CHECK(Decimal(0, -5).text() == "0");
  CHECK(Decimal(1, -6).text() == "0.000001");
  CHECK(Decimal(1, -7).text() == "1e-7");
  CHECK(Decimal(-125, -22).text() == "-1.25e-20");
  CHECK(Decimal(1, -20).text() == "1e-20");
  CHECK(Decimal(123, 0).text() == "123");
  CHECK(Decimal(123, 2).text() == "12300");
  CHECK(Decimal(1, 20).text() == "100000000000000000000");
  CHECK(Decimal(1, 21).text() == "1e21");
  CHECK(Decimal(15, 30).text() == "1.5e31");
  CHECK(Decimal(2302000, -4).text() == "230.2");
}

TEST_CASE("the widest registers have their text") {
  CHECK(Decimal(Int128{std::numeric_limits<std::uint64_t>::max()}, 0).text() == "18446744073709551615");
  CHECK(Decimal(Int128{std::numeric_limits<std::int64_t>::min()}, -3).text() == "-9223372036854775.808");
  const Decimal beyond =
      *Decimal(Int128{std::numeric_limits<std::uint64_t>::max()}, 0).times({1'000'003, -9});
  CHECK(beyond.text() == "18446799413941772.743654845");
}

TEST_CASE("a coefficient of more than 64 bits keeps the zeros between its halves") {
  CHECK(Decimal(Int128{10'000'000'000} * 10'000'000'000 + 7, -20).text() == "1.00000000000000000007");
}

TEST_CASE("append_to adds to what is there") {
  std::string out = "\"active_power\":";
  Decimal(74215, -1).append_to(out);
  CHECK(out == "\"active_power\":7421.5");
}

TEST_CASE("parse takes numbers as people write them") {
  CHECK(decimal("0.001") == Decimal(1, -3));
  CHECK(decimal("-12") == Decimal(-12, 0));
  CHECK(decimal("1e3") == Decimal(1000, 0));
  CHECK(decimal("1E+3") == Decimal(1000, 0));
  CHECK(decimal("2.5e-3") == Decimal(25, -4));
  CHECK(decimal(".5") == Decimal(5, -1));
  CHECK(decimal("-0") == Decimal(0, 0));
  CHECK(decimal("000000000000000000000000000000000000001") == Decimal(1, 0));
  CHECK(decimal("123456789012345678901234567890").text() == "1.2345678901234567890123456789e29");
}

TEST_CASE("parse refuses what is not a number") {
  const auto* const text = GENERATE("", "-", ".", "5.", "1.2.3", "+1", "--1", "1e", "1e+", "1e+-2", "1e1.5",
                                    " 1", "1 ", "0x10", "1,5", "nan", "inf", "e5", "-.e1", "1e99999",
                                    "1e-10000", "1e99999999999", "1234567890123456789012345678901");
  CAPTURE(text);
  CHECK_FALSE(Decimal::parse(text));
}

TEST_CASE("values are equal whatever their exponents") {
  CHECK(decimal("1.50") == decimal("1.5"));
  CHECK(decimal("0.000") == Decimal());
  CHECK(decimal("100") == decimal("1e2"));
  CHECK_FALSE(decimal("1.5") == decimal("1.51"));
  CHECK_FALSE(decimal("1.5") == decimal("-1.5"));
  CHECK_FALSE(decimal("15") == decimal("1.5"));
}

TEST_CASE("normalized has no trailing zeros") {
  const Decimal value = Decimal(150'000, -4).normalized();
  CHECK(value.coefficient() == 15);
  CHECK(value.exponent() == 0);
  CHECK(Decimal(0, 7).normalized().exponent() == 0);
  const Decimal wide =
      Decimal(Int128{1'000'000'000'000'000'000} * 1'000'000'000'000'000'000, -36).normalized();
  CHECK(wide.coefficient() == 1);
  CHECK(wide.exponent() == 0);
}

TEST_CASE("a float has its shortest decimal") {
  CHECK(Decimal::shortest(230.2F)->text() == "230.2");
  CHECK(Decimal::shortest(0.1F)->text() == "0.1");
  CHECK(Decimal::shortest(0.1)->text() == "0.1");
  CHECK(Decimal::shortest(-0.0F)->text() == "0");
  CHECK(Decimal::shortest(-625.5F)->text() == "-625.5");
  CHECK(Decimal::shortest(16777216.0F)->text() == "16777216");
  CHECK(Decimal::shortest(std::numeric_limits<float>::max())->text() == "3.4028235e38");
  CHECK(Decimal::shortest(std::numeric_limits<double>::max())->text() == "1.7976931348623157e308");
  CHECK(Decimal::shortest(std::numeric_limits<double>::denorm_min())->text() == "5e-324");
}

TEST_CASE("infinite and NaN have no decimal") {
  CHECK_FALSE(Decimal::shortest(std::numeric_limits<float>::infinity()));
  CHECK_FALSE(Decimal::shortest(-std::numeric_limits<double>::infinity()));
  CHECK_FALSE(Decimal::shortest(std::numeric_limits<float>::quiet_NaN()));
}

TEST_CASE("the text of any float reads back as the same float") {
  std::mt19937_64 random(1);
  for (int i = 0; i < 50'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (!std::isfinite(value)) continue;
    const Decimal shortest = *Decimal::shortest(value);
    REQUIRE(read_back<float>(shortest.text()) == value);
    REQUIRE(static_cast<float>(shortest.to_double()) == value);
  }
}

TEST_CASE("the text of any double reads back as the same double") {
  std::mt19937_64 random(2);
  for (int i = 0; i < 50'000; ++i) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const Decimal shortest = *Decimal::shortest(value);
    REQUIRE(read_back<double>(shortest.text()) == value);
    REQUIRE(shortest.to_double() == value);
  }
}

TEST_CASE("parse gives back what text wrote") {
  std::mt19937_64 random(3);
  for (int i = 0; i < 50'000; ++i) {
    const Decimal value = random_decimal(random, 30, 60);
    const auto again = Decimal::parse(value.text());
    CAPTURE(value.text());
    REQUIRE(again);
    REQUIRE(*again == value);
  }
}

TEST_CASE("order and equality agree with doubles where doubles are exact") {
  std::mt19937_64 random(4);
  std::uniform_int_distribution<int> eighths(-4000, 4000);
  for (int i = 0; i < 20'000; ++i) {
    const double a = eighths(random) / 8.0;
    const double b = eighths(random) / 8.0;
    const Decimal x = *Decimal::shortest(a);
    const Decimal y = *Decimal(*Decimal::shortest(b)).times({1000, -3});  // the same value, another exponent
    CAPTURE(a, b);
    REQUIRE((x < y) == (a < b));
    REQUIRE((y < x) == (b < a));
    REQUIRE((x == y) == (a == b));
  }
}

TEST_CASE("order is exact where doubles are not") {
  CHECK(decimal("9007199254740992.0001") < decimal("9007199254740992.00011"));
  CHECK_FALSE(decimal("9007199254740992.00010") < decimal("9007199254740992.0001"));
  CHECK(decimal("-9007199254740992.00011") < decimal("-9007199254740992.0001"));
  CHECK(decimal("-1e300") < decimal("1e-300"));
  CHECK(decimal("1e-300") < decimal("1e300"));
  CHECK(Decimal() < decimal("1e-300"));
  CHECK(decimal("-1e-300") < Decimal());
}

TEST_CASE("sums are exact") {
  CHECK(sum("28785", "0.5") == "28785.5");
  CHECK(sum("0.1", "0.2") == "0.3");
  CHECK(sum("-1104", "-0.289") == "-1104.289");
  CHECK(sum("1", "-1.00") == "0");
  CHECK(sum("1e20", "1e-10") == "100000000000000000000.0000000001");
  CHECK(sum("1e30", "0") == "1e30");
  CHECK(sum("0", "1e-30") == "1e-30");
}

TEST_CASE("a result of more than 38 digits is nothing, not something rounded") {
  CHECK(sum("1e30", "1e-30") == "nothing");
  CHECK(product("123456789012345678901234567891", "1234567891") == "nothing");
  const Decimal nines(
      Int128{9'999'999'999'999'999'999U} * 10'000'000'000'000'000'000U + 9'999'999'999'999'999'999U, 0);
  CHECK(nines.text() == "9.9999999999999999999999999999999999999e37");
  CHECK(nines.plus({1, 0})->text() == "1e38");
  CHECK_FALSE(nines.plus({2, 0}));
  CHECK_FALSE(nines.times({3, 0}));
  CHECK(nines.times({10, 0})->text() == "9.9999999999999999999999999999999999999e38");
}

TEST_CASE("operands are shortened before a product is given up") {
  const Decimal padded(Int128{1'000'000'000'000'000'000} * 1'000'000'000'000'000'000, -36);  // 1
  CHECK(padded.times(padded)->text() == "1");
  CHECK(padded.plus(Decimal(1, -10))->text() == "1.0000000001");
  // 5^40 x 2^40 = 10^40, though no factor ends in a zero.
  Decimal fives(1, 0);
  Decimal twos(1, 0);
  for (int i = 0; i < 40; ++i) {
    fives = *fives.times({5, 0});
    twos = *twos.times({2, 0});
  }
  CHECK(fives.times(twos)->text() == "1e40");
}

TEST_CASE("sums and products of short numbers agree with integer arithmetic") {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = random_decimal(random, 12, 3);
    const Decimal b = random_decimal(random, 12, 3);
    const auto thousandths = [](const Decimal& value) {
      Int128 scaled = value.coefficient();
      for (int e = value.exponent(); e > -3; --e) scaled *= 10;
      return scaled;
    };
    REQUIRE(*a.times(b) == Decimal(thousandths(a) * thousandths(b), -6));
    REQUIRE(*a.plus(b) == Decimal(thousandths(a) + thousandths(b), -3));
  }
}

TEST_CASE("numbers beyond a double are infinite or zero in it") {
  CHECK(Decimal(1, 400).to_double() == std::numeric_limits<double>::infinity());
  CHECK(Decimal(-1, 400).to_double() == -std::numeric_limits<double>::infinity());
  CHECK(Decimal(1, -400).to_double() == 0.0);
}
