// Points as the tests of decoder, plan and poll need them, without a profile file.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "drivers/meter/point.hpp"

namespace congto::test {

inline meter::Point make_point(std::string name, std::uint16_t at, meter::Type type,
                               meter::WordOrder order = meter::WordOrder::big) {
  meter::Point point;
  point.name = std::move(name);
  point.at = at;
  point.type = type;
  point.registers = meter::registers_of(type);
  point.word_order = order;
  return point;
}

inline meter::Point make_text_point(std::string name, std::uint16_t at, std::uint16_t registers) {
  meter::Point point = make_point(std::move(name), at, meter::Type::ascii);
  point.registers = registers;
  point.kind = meter::Kind::info;
  return point;
}

inline meter::Point scaled(meter::Point point, const char* scale) {
  point.scale = Decimal::parse(scale).value();
  return point;
}

}  // namespace congto::test
