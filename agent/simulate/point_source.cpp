// See point_source.hpp.
#include "agent/simulate/point_source.hpp"

#include <cmath>

#include "drivers/meter/encode.hpp"

namespace congto::simulate {

namespace {

double constant_of(const meter::Point& point) {
  // Eastron's and Selec's word-order settings: 0 low word first, 1 high word first.
  if (point.name == "word_order_setting") return point.word_order == meter::WordOrder::big ? 1 : 0;
  // Electromagnetic converters with block 0x1010: 5 is m3/h, what the model's flow is in.
  if (point.name == "flow_unit") return 5;
  switch (point.kind) {
    case meter::Kind::status:
      return 0;
    case meter::Kind::counter:
      return 100;
    case meter::Kind::gauge:
    case meter::Kind::info:
      break;
  }
  return 1;
}

}  // namespace

std::vector<std::uint16_t> point_words(const meter::Point& point, const Quantity& quantity,
                                       const MeterModel& model, std::string_view meter_name) {
  if (point.type == meter::Type::ascii) return meter::encode_text(point, meter_name);
  double value = model.value(quantity).value_or(constant_of(point));
  if (quantity.part == Part::integer) value = std::floor(value);
  if (quantity.part == Part::fraction) value -= std::floor(value);
  if (point.rollover && !point.rollover->is_zero()) value = std::fmod(value, point.rollover->to_double());
  return meter::encode(point, value);
}

}  // namespace congto::simulate
