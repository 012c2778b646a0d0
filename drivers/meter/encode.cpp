// Encoding in binary floats: a simulator's values need no more, and decode() of the result is exact again.
#include "drivers/meter/encode.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "drivers/core/decimal.hpp"
#include "drivers/meter/register_words.hpp"

namespace congto::meter {

namespace {

using Registers = std::vector<std::uint16_t>;

// The number that the registers hold before scale and ratio are applied. Divides once, by whole numbers where
// it can, so that 59.9 / 0.1 comes out nearest to 599.
long double unscaled(const Point& point, double value) {
  long double numerator = static_cast<long double>(value) * static_cast<long double>(point.ratio.secondary);
  long double denominator =
      static_cast<long double>(point.scale.coefficient()) * static_cast<long double>(point.ratio.primary);
  const long double power = std::pow(10.0L, static_cast<long double>(std::abs(point.scale.exponent())));
  (point.scale.exponent() < 0 ? numerator : denominator) *= power;
  return denominator == 0 ? 0 : numerator / denominator;
}

// A limit is rounded to a whole number that the type can hold.
std::uint64_t whole(long double value, long double least, long double most) {
  const long double rounded = std::round(std::isnan(value) ? 0 : value);
  if (rounded <= least) return static_cast<std::uint64_t>(static_cast<std::int64_t>(least));
  if (rounded >= most) {
    // 2^64 - 1 has no long double on every machine; the cast of the limit would overflow there.
    return most >= 18'446'744'073'709'551'615.0L ? std::numeric_limits<std::uint64_t>::max()
                                                 : static_cast<std::uint64_t>(most);
  }
  return rounded < 0 ? static_cast<std::uint64_t>(static_cast<std::int64_t>(rounded))
                     : static_cast<std::uint64_t>(rounded);
}

template <class Integer>
std::uint64_t whole(long double value) {
  return whole(value, std::numeric_limits<Integer>::min(), std::numeric_limits<Integer>::max());
}

bool is_float(Type type) { return type == Type::f32 || type == Type::f64 || type == Type::pf4q; }

Registers split(std::uint64_t raw, std::size_t registers, bool low_first) {
  Registers words(registers);
  for (std::size_t i = 0; i < registers; ++i) {
    words[low_first ? i : registers - 1 - i] = static_cast<std::uint16_t>(raw >> (16 * i));
  }
  return words;
}

Registers modulo_groups(long double value) {
  std::uint64_t raw = whole(value, 0, 9'999'999'999'999'999.0L);
  Registers words;
  for (int i = 0; i < 4; ++i) {
    words.push_back(static_cast<std::uint16_t>(raw % mod10k4_base));
    raw /= mod10k4_base;
  }
  return words;
}

std::uint64_t float_bits(long double value) {
  return std::bit_cast<std::uint32_t>(static_cast<float>(value));
}

std::uint64_t sign_and_magnitude(long double value) {
  const std::uint64_t magnitude = whole(std::abs(value), 0, 32'767);
  return value < 0 && magnitude != 0 ? magnitude | sm16_sign : magnitude;
}

std::uint64_t raw_of(Type type, long double value) {
  switch (type) {
    case Type::u16:
    case Type::bits16:
      return whole<std::uint16_t>(value);
    case Type::u32:
    case Type::bits32:
      return whole<std::uint32_t>(value);
    case Type::u64:
      return whole<std::uint64_t>(value);
    case Type::s16:
      return whole<std::int16_t>(value);
    case Type::s32:
      return whole<std::int32_t>(value);
    case Type::s64:
      return whole<std::int64_t>(value);
    case Type::f32:
    case Type::pf4q:
      return float_bits(value);
    case Type::f64:
      return std::bit_cast<std::uint64_t>(static_cast<double>(value));
    case Type::sm16:
      return sign_and_magnitude(value);
    case Type::mod10k4:
    case Type::ascii:
      break;
  }
  return 0;
}

Registers encode_coils(std::size_t coils, long double value) {
  const std::uint64_t raw = whole<std::uint64_t>(value);
  Registers words(coils);
  for (std::size_t i = 0; i < std::min<std::size_t>(coils, 64); ++i) {
    words[i] = static_cast<std::uint16_t>(raw >> i & 1U);
  }
  return words;
}

Registers encode_value(const Point& point, long double value) {
  if (reads_bits(point)) return encode_coils(point.registers, value);
  if (point.type == Type::mod10k4) return modulo_groups(value);
  return split(raw_of(point.type, value), point.registers, low_word_first(point));
}

Registers mark_of(const Point& point) {
  if (point.not_available.empty()) return encode_value(point, std::numeric_limits<long double>::quiet_NaN());
  Registers words = point.not_available.front();
  if (low_word_first(point)) std::reverse(words.begin(), words.end());
  words.resize(point.registers);
  return words;
}

// Takes from `number`, which the registers together hold, what goes into the added part, and gives it back as
// that part's registers hold it.
long double taken_by_plus(const Point& point, long double& number) {
  if (!point.plus || std::isnan(number)) return 0;
  const Plus& plus = *point.plus;
  if (plus.scale == Decimal(1, 0)) {
    if (!is_float(plus.type) || is_float(point.type)) return 0;
    const long double fraction = number - std::trunc(number);
    number = std::trunc(number);
    return fraction;
  }
  const auto scale = static_cast<long double>(plus.scale.to_double());
  if (scale > 1) {  // the high part
    const long double high = std::trunc(number / scale);
    number -= high * scale;
    return high;
  }
  // In whole steps of the part, so that 12.9999 is not 12 and a thousand thousandths.
  if (!is_float(plus.type)) number = std::round(number / scale) * scale;
  const long double units = std::trunc(number + std::copysign(scale / 2, number));
  const long double rest = number - units;
  number = units;
  return rest / scale;
}

}  // namespace

std::vector<std::uint16_t> encode(const Point& point, double value) {
  if (point.type == Type::ascii) {
    const auto digits = Decimal::shortest(value);
    return encode_text(point, digits ? digits->text() : "");
  }
  long double number = unscaled(point, value);
  const long double fraction = taken_by_plus(point, number);
  Registers words = std::isnan(value) ? mark_of(point) : encode_value(point, number);
  if (point.scale_at) words.push_back(0);
  if (point.plus) {
    const Registers plus = split(raw_of(point.plus->type, fraction), registers_of(point.plus->type),
                                 point.word_order == WordOrder::little);
    words.insert(words.end(), plus.begin(), plus.end());
  }
  return words;
}

std::vector<std::uint16_t> encode_text(const Point& point, std::string_view text) {
  Registers words(point.registers);
  for (std::size_t i = 0; i < std::min<std::size_t>(text.size(), 2 * words.size()); ++i) {
    const auto byte = static_cast<std::uint16_t>(static_cast<unsigned char>(text[i]));
    words[i / 2] = static_cast<std::uint16_t>(words[i / 2] | (i % 2 == 0 ? byte << 8 : byte));
  }
  if (point.scale_at) words.push_back(0);
  if (point.plus) words.resize(words.size() + registers_of(point.plus->type));
  return words;
}

}  // namespace congto::meter
