// Ratios, and what they multiply.
#include "drivers/meter/transformer.hpp"

#include <algorithm>
#include <string>

namespace congto::meter {

namespace {

constexpr std::int64_t largest_side = 1'000'000'000;  // the product of two sides stays far inside 64 bits

bool is_power_or_energy(Unit unit) {
  switch (unit) {
    case Unit::watt:
    case Unit::volt_ampere_reactive:
    case Unit::volt_ampere:
    case Unit::kilowatt_hour:
    case Unit::kilovar_hour:
    case Unit::kilovolt_ampere_hour:
      return true;
    default:
      return false;
  }
}

// The number as an integer with this many decimals; nothing when it does not fit.
std::optional<std::int64_t> with_decimals(const Decimal& number, int decimals) {
  Int128 value = number.coefficient();
  for (int exponent = number.exponent() + decimals; exponent > 0; --exponent) {
    value *= 10;
    if (value > largest_side) return std::nullopt;
  }
  if (value <= 0 || value > largest_side) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// number x primary / secondary, exact or with 18 decimals more than it had.
Decimal multiplied(const Decimal& number, const Ratio& ratio) {
  const auto product = number.times(Decimal(ratio.primary, 0));
  if (!product) return number;
  Int128 coefficient = product->coefficient();
  int exponent = product->exponent();
  constexpr Int128 room = Int128{1} << 122;  // a further digit still fits 127 bits
  for (int digits = 0; digits < 18 && coefficient % ratio.secondary != 0 && coefficient < room; ++digits) {
    coefficient *= 10;
    --exponent;
  }
  return Decimal(coefficient / ratio.secondary, exponent).normalized();
}

}  // namespace

Result<Ratio> parse_ratio(std::string_view text) {
  const Error wrong{"expected primary/secondary as on the nameplate, such as \"200/5\", found \"" +
                    std::string(text) + "\""};
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return wrong;
  const auto primary = Decimal::parse(text.substr(0, slash));
  const auto secondary = Decimal::parse(text.substr(slash + 1));
  if (!primary || !secondary) return wrong;
  const Decimal high = primary->normalized();
  const Decimal low = secondary->normalized();
  const int decimals = std::max({0, -high.exponent(), -low.exponent()});
  const auto above = with_decimals(high, decimals);
  const auto below = with_decimals(low, decimals);
  if (!above || !below) return wrong;
  return Ratio{*above, *below};
}

bool multiplied_by_ct(Unit unit) {
  return unit == Unit::ampere || unit == Unit::ampere_hour || is_power_or_energy(unit);
}

bool multiplied_by_vt(Unit unit) { return unit == Unit::volt || is_power_or_energy(unit); }

void apply_transformers(Point& point, const std::optional<Ratio>& ct, const std::optional<Ratio>& vt) {
  if (!point.secondary) return;
  Ratio ratio;
  if (ct && multiplied_by_ct(point.unit)) ratio = *ct;
  if (vt && multiplied_by_vt(point.unit)) {
    ratio.primary *= vt->primary;
    ratio.secondary *= vt->secondary;
  }
  point.ratio = ratio;
  if (point.rollover) point.rollover = multiplied(*point.rollover, ratio);
}

}  // namespace congto::meter
