// Decoding in steps: registers -> number as the type says -> plus -> scale -> scale register -> ratio.
// Each step is exact in decimal; the first one that finds no number ends with not_available.
#include "drivers/meter/decode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <stdexcept>

#include "drivers/meter/register_words.hpp"

namespace congto::meter {

namespace {

using Words = std::span<const std::uint16_t>;

// A number, or why there is none; implausible comes with its number.
struct Number {
  Quality quality = Quality::good;
  Decimal value;
};

constexpr Number nothing{Quality::not_available, {}};

std::uint64_t combined(Words words, bool low_first) {
  std::uint64_t whole = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    whole = whole << 16 | words[low_first ? words.size() - 1 - i : i];
  }
  return whole;
}

std::uint64_t combined_bits(Words coils) {
  std::uint64_t whole = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(coils.size(), 64); ++i) {
    whole |= static_cast<std::uint64_t>(coils[i] & 1U) << i;
  }
  return whole;
}

Number integer(Int128 value) { return {Quality::good, Decimal(value, 0)}; }

Number from_float(const std::optional<Decimal>& value) {
  return value ? Number{Quality::good, *value} : nothing;
}

// Schneider: above 1 it is 2 - v, leading; below -1 it is -2 - v, leading (iEM3000 and PM2000 register
// lists).
Number four_quadrant(float raw) {
  const Number number = from_float(Decimal::shortest(raw));
  if (number.quality != Quality::good || std::abs(raw) <= 1) return number;
  if (std::abs(raw) > 2) return {Quality::implausible, number.value};
  const Decimal negated(-number.value.coefficient(), number.value.exponent());
  return from_float(Decimal(raw > 0 ? 2 : -2, 0).plus(negated));
}

Number modulo_groups(Words groups) {
  Quality quality = Quality::good;
  Int128 value = 0;
  for (std::size_t i = groups.size(); i-- > 0;) {
    if (groups[i] >= mod10k4_base) quality = Quality::implausible;
    value = value * mod10k4_base + groups[i];
  }
  return {quality, Decimal(value, 0)};
}

Number from_registers(Type type, Words words, bool low_first) {
  const std::uint64_t raw = combined(words, low_first);
  switch (type) {
    case Type::u16:
    case Type::u32:
    case Type::u64:
    case Type::bits16:
    case Type::bits32:
      return integer(raw);
    case Type::s16:
      return integer(static_cast<std::int16_t>(raw));
    case Type::s32:
      return integer(static_cast<std::int32_t>(raw));
    case Type::s64:
      return integer(static_cast<std::int64_t>(raw));
    case Type::f32:
      return from_float(Decimal::shortest(std::bit_cast<float>(static_cast<std::uint32_t>(raw))));
    case Type::f64:
      return from_float(Decimal::shortest(std::bit_cast<double>(raw)));
    case Type::sm16: {
      const auto magnitude = static_cast<std::int32_t>(raw & ~std::uint64_t{sm16_sign});
      return integer((raw & sm16_sign) != 0 ? -magnitude : magnitude);
    }
    case Type::pf4q:
      return four_quadrant(std::bit_cast<float>(static_cast<std::uint32_t>(raw)));
    case Type::mod10k4:
      return modulo_groups(words);
    case Type::ascii:
      break;
  }
  return nothing;
}

bool is_marked(const Point& point, Words value) {
  const bool low_first = low_word_first(point);
  return std::any_of(point.not_available.begin(), point.not_available.end(), [&](const auto& mark) {
    return low_first ? std::equal(mark.begin(), mark.end(), value.rbegin(), value.rend())
                     : std::equal(mark.begin(), mark.end(), value.begin(), value.end());
  });
}

void add_plus(Number& number, Decimal plus) {
  if (const auto sum = number.value.plus(plus)) {
    number.value = *sum;
    return;
  }
  // The two are more than 38 digits apart; then the smaller one is below any meter's resolution.
  const auto absolute = [](const Decimal& value) {
    return value < Decimal{} ? *value.times({-1, 0}) : value;
  };
  if (absolute(number.value) < absolute(plus)) number.value = plus;
}

// value / divisor, exact where the division ends, else rounded to 15 digits, which is what a double keeps.
std::optional<Decimal> divided(const Decimal& value, std::int64_t divisor) {
  const Decimal dividend = value.normalized();
  Int128 numerator = dividend.coefficient();
  Int128 denominator = divisor;
  const std::int64_t common = std::gcd(static_cast<std::int64_t>(numerator % divisor), divisor);
  numerator /= common;
  denominator /= common;
  std::optional<Decimal> exact = Decimal(numerator, dividend.exponent());
  Int128 rest = denominator;
  for (; exact && rest % 2 == 0; rest /= 2) exact = exact->times({5, -1});
  for (; exact && rest % 5 == 0; rest /= 5) exact = exact->times({2, -1});
  if (exact && rest == 1) return exact;

  constexpr Int128 top = 1'000'000'000'000'000;  // 10^15
  int exponent = dividend.exponent();
  Int128 remainder = numerator < 0 ? -numerator : numerator;
  Int128 quotient = remainder / denominator;
  remainder %= denominator;
  // Long division to 16 digits: one more than is kept, to round by.
  for (; quotient < top; --exponent) {
    quotient = quotient * 10 + remainder * 10 / denominator;
    remainder = remainder * 10 % denominator;
  }
  for (; quotient >= top * 10; ++exponent) quotient /= 10;
  quotient = (quotient + 5) / 10;
  return Decimal(numerator < 0 ? -quotient : quotient, exponent + 1).normalized();
}

Number apply_ratio(const Number& number, const Ratio& ratio) {
  if (ratio.primary == ratio.secondary || number.value.is_zero()) return number;
  const std::int64_t common = std::gcd(ratio.primary, ratio.secondary);
  const auto multiplied = number.value.times({ratio.primary / common, 0});
  if (!multiplied) return nothing;
  if (ratio.secondary == common) return {number.quality, *multiplied};
  const auto result = divided(*multiplied, ratio.secondary / common);
  return result ? Number{number.quality, *result} : nothing;
}

// Bytes high first; ends at NUL; meters fill up with spaces or 0xFF.
std::string decode_text(Words words) {
  std::string text;
  text.reserve(2 * words.size());
  for (const auto word : words) {
    text += static_cast<char>(word >> 8);
    text += static_cast<char>(word & 0xFF);
  }
  text.resize(std::min(text.find('\0'), text.size()));
  while (!text.empty() && (text.back() == ' ' || text.back() == '\xFF')) text.pop_back();
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7E; }, '?');
  return text;
}

Number decode_number(const Point& point, Words value, Words extra) {
  Number number = reads_bits(point) ? integer(combined_bits(value))
                                    : from_registers(point.type, value, low_word_first(point));
  int exponent = 0;
  if (point.scale_at) {
    exponent = static_cast<std::int16_t>(extra.front());
    extra = extra.subspan(1);
    if (exponent < least_scale_exponent || exponent > most_scale_exponent) return nothing;
  }
  if (point.plus) {
    const Number plus = from_registers(point.plus->type, extra, point.word_order == WordOrder::little);
    if (plus.quality == Quality::not_available || number.quality == Quality::not_available) return nothing;
    if (plus.quality != Quality::good) number.quality = plus.quality;
    const auto part = plus.value.times(point.plus->scale);
    if (!part) return nothing;
    add_plus(number, *part);
  }
  if (number.quality == Quality::not_available) return nothing;
  const auto scaled = number.value.times(point.scale);
  if (!scaled) return nothing;
  number.value = Decimal(scaled->coefficient(), scaled->is_zero() ? 0 : scaled->exponent() + exponent);
  return apply_ratio(number, point.ratio);
}

}  // namespace

Reading decode(const Point& point, std::span<const std::uint16_t> words) {
  if (words.size() != point.raw_words()) {
    throw std::invalid_argument("point " + point.name + ": " + std::to_string(words.size()) +
                                " words instead of " + std::to_string(point.raw_words()));
  }
  Reading reading;
  reading.point = &point;
  const Words value = words.first(point.registers);
  if (is_marked(point, value)) {
    reading.quality = Quality::not_available;
  } else if (point.type == Type::ascii) {
    reading.text = decode_text(value);
  } else {
    const Number number = decode_number(point, value, words.subspan(point.registers));
    reading.quality = number.quality;
    reading.value = number.value;
  }
  return reading;
}

void decode(const Sample& sample, std::vector<Reading>& out) {
  const auto& points = sample.layout_meter().points;
  out.clear();
  out.reserve(points.size());
  if (sample.quality.size() != points.size() || sample.words.size() != sample.layout_meter().raw_words()) {
    throw std::invalid_argument("a sample of " + sample.layout_meter().name + " does not fit its layout");
  }
  Words words = sample.words;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t own = points[i].raw_words();
    if (sample.quality[i] == Quality::good) {
      out.push_back(decode(points[i], words.first(own)));
    } else {
      Reading& reading = out.emplace_back();
      reading.point = &points[i];
      reading.quality = sample.quality[i];
    }
    words = words.subspan(own);
  }
}

}  // namespace congto::meter
