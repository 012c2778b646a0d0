// Reach of the added part, and hex marks.
#include "drivers/meter/point_parts.hpp"

#include <algorithm>

#include "drivers/meter/numbering.hpp"

namespace congto::meter {

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
