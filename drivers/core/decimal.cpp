// Arithmetic and text of exact decimals. Encoding and decoding every reading runs through here, so the paths
// for coefficients of 64 bits avoid 128-bit division, and nothing allocates but the caller's string.
#include "drivers/core/decimal.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

namespace congto {

namespace {

__extension__ typedef unsigned __int128 Magnitude;

constexpr int max_digits = 38;         // of any result; 10^38 - 1 fits a signed 128-bit integer
constexpr int max_parsed_digits = 30;  // of a written number; leaves room for the product with a register
constexpr int max_exponent = 9999;     // of a written number; far outside a double's range

constexpr std::array<Magnitude, max_digits + 1> make_powers() {
  std::array<Magnitude, max_digits + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}
constexpr auto powers_of_ten = make_powers();
constexpr Magnitude limit = powers_of_ten[max_digits];

Magnitude magnitude(Int128 value) {
  return value < 0 ? Magnitude{0} - static_cast<Magnitude>(value) : static_cast<Magnitude>(value);
}

Int128 with_sign(Magnitude value, bool negative) {
  const auto positive = static_cast<Int128>(value);
  return negative ? -positive : positive;
}

// The digits of a magnitude, most significant first, as characters.
struct Digits {
  std::array<char, 40> text;
  std::size_t size = 0;

  explicit Digits(Magnitude value) {
    constexpr std::uint64_t chunk = 10'000'000'000'000'000'000U;  // 10^19, the largest power in 64 bits
    char* at = text.data();
    char* const end = at + text.size();
    if (value <= std::numeric_limits<std::uint64_t>::max()) {
      at = std::to_chars(at, end, static_cast<std::uint64_t>(value)).ptr;
    } else {
      const Magnitude high = value / chunk;
      const Digits front(high);
      at = std::copy_n(front.text.data(), front.size, at);
      std::array<char, 20> low{};
      const char* low_end =
          std::to_chars(low.data(), low.data() + low.size(), static_cast<std::uint64_t>(value % chunk)).ptr;
      at = std::fill_n(at, 19 - (low_end - low.data()), '0');
      at = std::copy(static_cast<const char*>(low.data()), low_end, at);
    }
    size = static_cast<std::size_t>(at - text.data());
  }

  std::string_view view() const { return {text.data(), size}; }
  // Returns how many were dropped.
  int drop_trailing_zeros() {
    const std::size_t before = size;
    while (size > 1 && text[size - 1] == '0') --size;
    return static_cast<int>(before - size);
  }
};

void append_zeros(std::string& out, int count) { out.append(static_cast<std::size_t>(count), '0'); }

// "1e-20", "1.5e30": one digit before the point.
void append_scientific(std::string_view digits, int exponent, std::string& out) {
  out += digits.front();
  if (digits.size() > 1) {
    out += '.';
    out += digits.substr(1);
  }
  out += 'e';
  out += std::to_string(exponent + static_cast<int>(digits.size()) - 1);
}

// Reads what std::to_chars wrote in its scientific form: "-2.302e+02".
Decimal from_scientific(std::string_view text) {
  const bool negative = text.front() == '-';
  if (negative) text.remove_prefix(1);
  std::int64_t coefficient = 0;
  int exponent = 0;
  bool fraction = false;
  std::size_t at = 0;
  for (; text[at] != 'e'; ++at) {
    if (text[at] == '.') {
      fraction = true;
      continue;
    }
    coefficient = coefficient * 10 + (text[at] - '0');
    if (fraction) --exponent;
  }
  if (coefficient == 0) return {};
  const bool below_one = text[at + 1] == '-';
  int written = 0;
  for (at += 2; at < text.size(); ++at) written = written * 10 + (text[at] - '0');
  return Decimal(negative ? -coefficient : coefficient, exponent + (below_one ? -written : written));
}

template <class Float>
std::optional<Decimal> shortest_of(Float value) {
  if (!std::isfinite(value)) return std::nullopt;
  std::array<char, 32> text{};  // "-1.7976931348623157e+308" is the longest
  const char* end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific).ptr;
  return from_scientific({text.data(), static_cast<std::size_t>(end - text.data())});
}

// What follows the "e" of a written number.
std::optional<int> parse_power(std::string_view text) {
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  int power = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), power);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if (power > max_exponent || power < -max_exponent) return std::nullopt;
  return power;
}

// 2 x 5 of one factor and the other make a ten: moving them to the exponent makes the product shorter.
int extract_tens(Magnitude& twos, Magnitude& fives) {
  int tens = 0;
  while (twos % 2 == 0 && fives % 5 == 0) {
    twos /= 2;
    fives /= 5;
    ++tens;
  }
  return tens;
}

bool multiply(Magnitude a, Magnitude b, Magnitude& product) {
  if (((a | b) >> 63) == 0) {  // 2^126 < 10^38
    product = a * b;
    return true;
  }
  return !__builtin_mul_overflow(a, b, &product) && product < limit;
}

}  // namespace

std::optional<Decimal> Decimal::parse(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  Magnitude coefficient = 0;
  int significant = 0;
  int exponent = 0;
  bool digit_seen = false;
  bool point_seen = false;
  std::size_t at = 0;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.' && !point_seen) {
      point_seen = true;
      digit_seen = false;  // "5." is refused
      continue;
    }
    if (text[at] < '0' || text[at] > '9') return std::nullopt;
    digit_seen = true;
    if (point_seen) --exponent;
    if ((significant > 0 || text[at] != '0') && ++significant > max_parsed_digits) return std::nullopt;
    coefficient = coefficient * 10 + static_cast<unsigned>(text[at] - '0');
  }
  if (!digit_seen) return std::nullopt;
  if (at < text.size()) {
    const auto power = parse_power(text.substr(at + 1));
    if (!power) return std::nullopt;
    exponent += *power;
  }
  if (exponent > max_exponent || exponent < -max_exponent) return std::nullopt;
  return Decimal(with_sign(coefficient, negative), exponent);
}

std::optional<Decimal> Decimal::shortest(float value) { return shortest_of(value); }
std::optional<Decimal> Decimal::shortest(double value) { return shortest_of(value); }

std::optional<Decimal> Decimal::times(const Decimal& factor) const {
  const bool negative = (coefficient_ < 0) != (factor.coefficient_ < 0);
  Magnitude a = magnitude(coefficient_);
  Magnitude b = magnitude(factor.coefficient_);
  if (a == 0 || b == 0) return Decimal{};
  int exponent = exponent_ + factor.exponent_;
  Magnitude product = 0;
  if (!multiply(a, b, product)) {
    const Decimal short_a = normalized();
    const Decimal short_b = factor.normalized();
    a = magnitude(short_a.coefficient_);
    b = magnitude(short_b.coefficient_);
    exponent = short_a.exponent_ + short_b.exponent_ + extract_tens(a, b) + extract_tens(b, a);
    if (!multiply(a, b, product)) return std::nullopt;
  }
  return Decimal(with_sign(product, negative), exponent);
}

std::optional<Decimal> Decimal::plus(const Decimal& other) const {
  if (is_zero()) return other;
  if (other.is_zero()) return *this;
  Decimal high = *this;
  Decimal low = other;
  if (high.exponent_ < low.exponent_) std::swap(high, low);
  Int128 raised = high.coefficient_;
  const auto raise = [&] {
    const int by = high.exponent_ - low.exponent_;
    return by <= max_digits &&
           !__builtin_mul_overflow(high.coefficient_,
                                   static_cast<Int128>(powers_of_ten[static_cast<std::size_t>(by)]), &raised);
  };
  if (!raise()) {
    low = low.normalized();
    high = high.normalized();
    if (high.exponent_ < low.exponent_) std::swap(high, low);
    if (!raise()) return std::nullopt;
  }
  Int128 sum = 0;
  if (__builtin_add_overflow(raised, low.coefficient_, &sum)) return std::nullopt;
  const Decimal result(sum, low.exponent_);
  if (magnitude(sum) < limit) return result;
  const Decimal shorter = result.normalized();
  if (magnitude(shorter.coefficient_) >= limit) return std::nullopt;
  return shorter;
}

double Decimal::to_double() const {
  // Both numbers are exact in a double, so one operation rounds correctly.
  constexpr Magnitude exact = Magnitude{1} << 53;
  constexpr int exact_power = 22;
  if (magnitude(coefficient_) <= exact && std::abs(exponent_) <= exact_power) {
    const auto power = static_cast<double>(powers_of_ten[static_cast<std::size_t>(std::abs(exponent_))]);
    const auto coefficient = static_cast<double>(coefficient_);
    return exponent_ < 0 ? coefficient / power : coefficient * power;
  }
  const std::string written = text();
  double value = 0;
  const auto parsed = std::from_chars(written.data(), written.data() + written.size(), value);
  if (parsed.ec != std::errc{}) {  // outside a double's range; the exponent says on which side
    value = exponent_ > 0 ? std::numeric_limits<double>::infinity() : 0.0;
    if (coefficient_ < 0) value = -value;
  }
  return value;
}

Decimal Decimal::normalized() const {
  if (coefficient_ == 0) return {};
  Magnitude rest = magnitude(coefficient_);
  int exponent = exponent_;
  while (rest > std::numeric_limits<std::uint64_t>::max() && rest % 10 == 0) {
    rest /= 10;
    ++exponent;
  }
  if (rest <= std::numeric_limits<std::uint64_t>::max()) {
    auto small = static_cast<std::uint64_t>(rest);
    while (small % 10 == 0) {
      small /= 10;
      ++exponent;
    }
    rest = small;
  }
  return Decimal(with_sign(rest, coefficient_ < 0), exponent);
}

void Decimal::append_to(std::string& out) const {
  if (coefficient_ == 0) {
    out += '0';
    return;
  }
  if (coefficient_ < 0) out += '-';
  Digits digits(magnitude(coefficient_));
  const int exponent = exponent_ + digits.drop_trailing_zeros();
  const std::string_view text = digits.view();
  const int point = static_cast<int>(text.size()) + exponent;  // digits before the decimal point
  // The bounds between plain and scientific notation are those of ECMAScript's Number::toString.
  if (point > 21 || point <= -6) {
    append_scientific(text, exponent, out);
  } else if (exponent >= 0) {
    out += text;
    append_zeros(out, exponent);
  } else if (point > 0) {
    out += text.substr(0, static_cast<std::size_t>(point));
    out += '.';
    out += text.substr(static_cast<std::size_t>(point));
  } else {
    out += "0.";
    append_zeros(out, -point);
    out += text;
  }
}

std::string Decimal::text() const {
  std::string out;
  append_to(out);
  return out;
}

bool operator==(const Decimal& a, const Decimal& b) {
  if (a.exponent_ == b.exponent_) return a.coefficient_ == b.coefficient_;
  const Decimal x = a.normalized();
  const Decimal y = b.normalized();
  return x.coefficient_ == y.coefficient_ && x.exponent_ == y.exponent_;
}

bool operator<(const Decimal& a, const Decimal& b) {
  const bool a_negative = a.coefficient_ < 0;
  const bool b_negative = b.coefficient_ < 0;
  if (a_negative != b_negative) return a_negative;
  if (a.exponent_ == b.exponent_) return a.coefficient_ < b.coefficient_;
  if (a.is_zero() || b.is_zero()) return a.is_zero() && b.coefficient_ > 0;
  // Same sign: the place of the first digit decides, then the digits from the left.
  Digits x(magnitude(a.coefficient_));
  Digits y(magnitude(b.coefficient_));
  const int x_place = static_cast<int>(x.size) + a.exponent_;
  const int y_place = static_cast<int>(y.size) + b.exponent_;
  if (x_place != y_place) return (x_place < y_place) != a_negative;
  x.drop_trailing_zeros();
  y.drop_trailing_zeros();
  return a_negative ? y.view() < x.view() : x.view() < y.view();
}

}  // namespace congto
