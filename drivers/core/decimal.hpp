// Decimal: an exact decimal number, coefficient x 10^exponent; what registers become and scales are.
// Binary floats stay out of scaling, so 599 x 0.1 is 59.9 and a meter's 230.2 is published as 230.2.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace congto {

// Wide enough for every 64-bit register times every scale a profile may give.
__extension__ typedef __int128 Int128;

class Decimal {
 public:
  Decimal() = default;
  constexpr Decimal(Int128 coefficient, int exponent) : coefficient_(coefficient), exponent_(exponent) {}

  // "0.001", "-12", "1e3", ".5"; nothing for anything else, for more than 30 digits (leading
  // zeros aside) or for an exponent outside -9999..9999.
  static std::optional<Decimal> parse(std::string_view text);
  // The shortest decimal that gives the float back. Infinite and NaN have none.
  static std::optional<Decimal> shortest(float value);
  static std::optional<Decimal> shortest(double value);

  // Exact; nothing if the result, or for plus() a summand brought to the other's exponent, needs more than 38
  // digits.
  std::optional<Decimal> times(const Decimal& factor) const;
  std::optional<Decimal> plus(const Decimal& other) const;

  Int128 coefficient() const { return coefficient_; }
  int exponent() const { return exponent_; }
  bool is_zero() const { return coefficient_ == 0; }
  double to_double() const;
  // Without trailing zeros in the coefficient; zero has exponent 0.
  Decimal normalized() const;

  // A JSON number: plain notation ("0.001", "230.2", "-5") while short, else with an exponent ("1e-20").
  // Trailing zeros after the point are dropped.
  std::string text() const;
  void append_to(std::string& out) const;

  // Same value, whatever the exponents: 1.50 equals 1.5.
  friend bool operator==(const Decimal& a, const Decimal& b);
  // Same order as the values, exact.
  friend bool operator<(const Decimal& a, const Decimal& b);

 private:
  Int128 coefficient_ = 0;
  int exponent_ = 0;
};

}  // namespace congto
