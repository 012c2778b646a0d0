// Bounds of scales and rollovers, reach of the added part, and hex marks.
#include "drivers/meter/point_parts.hpp"

#include <algorithm>

#include "drivers/meter/numbering.hpp"

namespace congto::meter {

namespace {

constexpr int largest_exponent = 18;  // of a scale, either way: with it every 64-bit register stays exact

bool is_float(Type type) { return type == Type::f32 || type == Type::f64 || type == Type::pf4q; }

}  // namespace

std::optional<std::string> scale_objection(const Decimal& scale) {
  const Decimal plain = scale.normalized();
  if (plain.is_zero()) return "expected a number other than 0";
  if (plain.exponent() > largest_exponent || plain.exponent() < -largest_exponent ||
      Decimal(1, largest_exponent) < plain || plain < Decimal(-1, largest_exponent)) {
    return "expected a number of at most 18 digits on either side of the point";
  }
  return std::nullopt;
}

std::optional<std::string> rollover_objection(const Point& point) {
  if (!point.rollover || is_float(point.type) || point.scale_at || point.plus) return std::nullopt;
  const int bits = 16 * registers_of(point.type);
  const Decimal values = point.type == Type::mod10k4 ? Decimal(1, 16) : Decimal(Int128{1} << bits, 0);
  const auto limit = values.times(point.scale);
  if (!limit || !(*limit < *point.rollover)) return std::nullopt;
  return "a " + std::string(meter::text(point.type)) + " with scale = " + point.scale.text() +
         " starts again at " + limit->text() + " at the latest, found " + point.rollover->text();
}

bool reads_like_decimal(std::string_view mark) {
  if (mark.find_first_not_of("0123456789") != std::string_view::npos) return false;
  return mark.find_first_not_of('0', mark.starts_with('8') ? 1 : 0) != std::string_view::npos;
}

std::optional<std::string> plus_objection(const Point& point, const ReadLimits& limits) {
  const std::uint32_t length = registers_of(point.plus->type);
  const std::uint32_t value_end = std::uint32_t{point.at} + point.registers;
  const std::uint32_t plus_end = std::uint32_t{point.plus->at} + length;
  const std::uint32_t span = std::max(value_end, plus_end) - std::min(point.at, point.plus->at);
  const std::uint32_t parts = point.registers + length;
  const std::string together = "value and fraction must come in one request, ";
  if (plus_end > register_addresses) return "it ends behind the last register, 65535";
  if (span < parts) return "it lies on the registers of the value itself";
  if (span > limits.max_registers) {
    return together + "and together they span " + std::to_string(span) + " registers; max-registers is " +
           std::to_string(limits.max_registers);
  }
  if (span - parts > limits.max_gap) {
    return together + "over " + std::to_string(span - parts) + " registers between them; max-gap is " +
           std::to_string(limits.max_gap);
  }
  return std::nullopt;
}

Result<std::vector<std::uint16_t>> parse_mark(const Point& point, std::string_view text) {
  std::string_view digits = text;
  if (digits.starts_with("0x") || digits.starts_with("0X")) digits.remove_prefix(2);
  const std::size_t wanted = std::size_t{4} * point.registers;
  const bool hexadecimal = digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  if (digits.size() != wanted || !hexadecimal) {
    return Error{"expected " + std::to_string(wanted) + " hex digits, as many as a " +
                 std::string(meter::text(point.type)) + " has, such as \"" + std::string(wanted, 'F') +
                 "\", found \"" + std::string(text) + "\""};
  }
  std::vector<std::uint16_t> words;
  for (std::size_t i = 0; i < wanted; i += 4) {
    words.push_back(static_cast<std::uint16_t>(std::stoul(std::string(digits.substr(i, 4)), nullptr, 16)));
  }
  return words;
}

}  // namespace congto::meter
