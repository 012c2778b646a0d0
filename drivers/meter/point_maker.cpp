// The checks of meaning on one point.
#include "drivers/meter/point_maker.hpp"

#include <string>
#include <utility>

#include "drivers/meter/point_parts.hpp"
#include "drivers/meter/quantity.hpp"
#include "drivers/meter/register_words.hpp"
#include "drivers/meter/unit_rule.hpp"

namespace congto::meter {

namespace {

bool is_bits(Type type) { return type == Type::bits16 || type == Type::bits32; }
bool is_coil(modbus::Function function) {
  return function == modbus::Function::read_coils || function == modbus::Function::read_discrete_inputs;
}
std::string number_of(modbus::Function function) { return std::to_string(static_cast<int>(function)); }

class PointMaker {
 public:
  PointMaker(const PointSpec& spec, const DeviceHead& head, toml::Report& report)
      : spec_(spec), head_(head), report_(report) {}

  std::optional<MadePoint> make() {
    Point& point = made_.point;
    point.name = spec_.name;
    point.verify = spec_.verify && spec_.verify->value;
    point.secondary = spec_.secondary && spec_.secondary->value;
    take_type();
    take_word_order();
    take_address();
    if (failed_) return std::nullopt;  // what follows needs to know where and what the value is
    take_length();
    take_parts();
    take_scale();
    take_unit();
    take_kind();
    take_rollover();
    take_marks();
    if (failed_) return std::nullopt;
    warn_without_unit();
    return made_;
  }

 private:
  void fail(const toml::Place& place, const std::string& message) {
    report_.error(place, message);
    failed_ = true;
  }

  void miss(const std::string& message) {
    if (!spec_.damaged) report_.error(spec_.place, spec_.name + ": " + message);
    failed_ = true;
  }

  void take_type() {
    if (spec_.type) {
      made_.point.type = spec_.type->value;
    } else {
      miss("type is missing; expected one such as \"u16\", \"s32\" or \"f32\"");
    }
  }

  void take_word_order() {
    made_.point.word_order = spec_.word_order ? spec_.word_order->value : head_.word_order;
    if (spec_.word_order && made_.point.type == Type::mod10k4) {
      fail(spec_.word_order->place,
           "word-order: a mod10k4 always has its lowest group in its first register; leave it out");
    }
  }

  void take_address() {
    if (!spec_.at) {
      miss("at is missing; expected the number of its first register");
      return;
    }
    Point& point = made_.point;
    if (spec_.function) {
      point.function = spec_.function->value;
    } else if (head_.function) {
      point.function = *head_.function;
    }
    const auto address = wire_address(head_.numbering, spec_.at->value);
    if (!address) {
      fail(spec_.at->place, "at: " + address.error().message);
      return;
    }
    point.at = address->at;
    if (!address->function) return;
    const bool contradicted = (spec_.function || head_.function) && point.function != *address->function;
    if (contradicted) {
      fail(spec_.at->place, "at: by its first digit this is function " + number_of(*address->function) +
                                ", but function = " + number_of(point.function) +
                                " is given; take that away");
    }
    point.function = *address->function;
  }

  void take_length() {
    Point& point = made_.point;
    point.registers = registers_of(point.type);
    const bool coils = is_coil(point.function);
    if (coils) {
      take_coils();
    } else if (point.type == Type::ascii) {
      if (spec_.registers) {
        point.registers = spec_.registers->value;
      } else {
        miss("registers is missing; an ascii text needs its length, registers = 8");
      }
    } else if (spec_.registers && spec_.registers->value != point.registers) {
      fail(spec_.registers->place,
           "registers: a " + std::string(text(point.type)) + " has " + std::to_string(point.registers) +
               ", found " + std::to_string(spec_.registers->value) + "; only ascii has a length of its own");
    }
    if (std::uint32_t{point.at} + point.registers > register_addresses) {
      fail(spec_.at->place, "at: the value ends behind the last register, 65535");
    }
  }

  // One word of the reply is one coil, so a number has no meaning there beyond 0 and 1.
  void take_coils() {
    Point& point = made_.point;
    if (point.type == Type::u16) {
      point.registers = 1;
    } else if (is_bits(point.type)) {
      point.registers = point.type == Type::bits16 ? 16 : 32;
    } else {
      fail(spec_.type->place,
           "type: function " + number_of(point.function) +
               " reads coils; expected \"u16\" (one coil), \"bits16\" or \"bits32\", found \"" +
               std::string(text(point.type)) + "\"");
    }
    if (!spec_.registers) return;
    if (spec_.registers->value > point.registers) {
      fail(spec_.registers->place, "registers: a " + std::string(text(point.type)) + " holds at most " +
                                       std::to_string(point.registers) + " coils, found " +
                                       std::to_string(spec_.registers->value));
    }
    point.registers = spec_.registers->value;
  }

  bool is_number(const toml::Place& place, std::string_view key) {
    const Type type = made_.point.type;
    const bool number = !is_bits(type) && type != Type::ascii && !is_coil(made_.point.function);
    if (!number)
      fail(place, std::string(key) + ": only numbers in registers can have it, not bits, coils or texts");
    return number;
  }

  std::optional<std::uint16_t> part_address(const RegisterNumber& number, const toml::Place& place,
                                            std::string_view key) {
    const auto address = wire_address(head_.numbering, number);
    if (!address) {
      fail(place, std::string(key) + ": " + address.error().message);
      return std::nullopt;
    }
    if (address->function && *address->function != made_.point.function) {
      fail(place, std::string(key) + ": expected a register of the value's own function " +
                      number_of(made_.point.function));
      return std::nullopt;
    }
    return address->at;
  }

  void take_parts() {
    if (spec_.scale_at && is_number(spec_.scale_at->place, "scale-at")) {
      made_.point.scale_at = part_address(spec_.scale_at->value, spec_.scale_at->place, "scale-at");
    }
    if (!spec_.plus || !is_number(spec_.plus->place, "plus")) return;
    const PlusSpec& plus = spec_.plus->value;
    const auto at = part_address(plus.at, spec_.plus->place, "plus");
    if (!at) return;
    if (is_bits(plus.type) || plus.type == Type::ascii || plus.type == Type::pf4q) {
      fail(spec_.plus->place,
           "plus: expected a type that can be added, found \"" + std::string(text(plus.type)) + "\"");
    }
    made_.point.plus = Plus{*at, plus.type, plus.scale ? plus.scale->value : Decimal(1, 0)};
    if (plus.scale && plus.scale->value < Decimal(0, 0)) {
      fail(plus.scale->place, "plus: scale: expected a number above 0");
    } else if (const auto objection = scale_objection(made_.point.plus->scale)) {
      fail(plus.scale->place, "plus: scale: " + *objection);
    }
    if (const auto objection = plus_objection(made_.point, head_.limits.read)) {
      fail(spec_.plus->place, "plus: " + *objection);
    }
  }

  void take_scale() {
    if (!spec_.scale) return;
    const Decimal scale = spec_.scale->value;
    if (const auto objection = scale_objection(scale)) {
      fail(spec_.scale->place, "scale: " + *objection);
    } else if (!(scale == Decimal(1, 0)) && is_number(spec_.scale->place, "scale")) {
      made_.point.scale = scale;
    }
  }

  bool has_free_unit() const {
    return spec_.kind && (spec_.kind->value == Kind::info || spec_.kind->value == Kind::status);
  }

  void take_unit() {
    const auto rule = has_free_unit() ? std::nullopt : unit_of_name(spec_.name);
    if (!spec_.unit) {
      if (rule && *rule != Unit::none) {
        miss("unit is missing; expected unit = \"" + std::string(text(*rule)) + "\"");
      }
      return;
    }
    const std::string& written = spec_.unit->value;
    if (written == "setting") {
      made_.unit_by_setting = true;
      return;
    }
    const std::string name =
        has_free_unit() ? "" : spec_.name;  // a setting or a state follows no rule of names
    const Decimal scale = spec_.scale ? spec_.scale->value : Decimal(1, 0);
    const auto unit = check_unit(name, written, scale);
    if (unit) {
      made_.point.unit = *unit;
    } else {
      fail(spec_.unit->place, "unit: " + unit.error().message);
    }
  }

  void warn_without_unit() {
    const Point& point = made_.point;
    const bool measured = point.kind == Kind::gauge || point.kind == Kind::counter;
    if (spec_.unit || !measured || reads_bits(point) || unit_of_name(spec_.name)) return;
    if (const auto advice = plain_number_advice(spec_.name))
      report_.warning(spec_.place, spec_.name + ": " + *advice);
  }

  void take_kind() {
    Point& point = made_.point;
    const Unit unit = made_.unit_by_setting ? unit_of_name(spec_.name).value_or(Unit::none) : point.unit;
    if (spec_.kind) {
      point.kind = spec_.kind->value;
    } else if (is_total(unit)) {
      miss(
          "kind is missing; energies, volumes and masses need kind = \"counter\" (only "
          "grows, apart from reset and rollover) or \"gauge\" (can fall)");
    } else {
      point.kind = is_bits(point.type) ? Kind::status : Kind::gauge;
    }
    if (point.kind == Kind::counter && is_net(spec_.name)) {
      fail(spec_.kind->place, "kind: a net value can fall, so it is no counter; expected \"gauge\"");
    }
    if (point.kind == Kind::counter && point.scale < Decimal(0, 0)) {
      fail(spec_.scale->place,
           "scale: a counter grows, so its scale is above 0; what falls is kind = \"gauge\"");
    }
    if (point.kind == Kind::counter && (is_bits(point.type) || point.type == Type::pf4q)) {
      fail(spec_.kind->place, "kind: a " + std::string(text(point.type)) + " does not count");
    }
    if (point.type == Type::ascii && point.kind != Kind::info) {
      fail(spec_.kind ? spec_.kind->place : spec_.type->place,
           spec_.name + ": a text is read at start and daily only; expected kind = \"info\"");
    }
  }

  void take_rollover() {
    if (!spec_.rollover) return;
    if (made_.point.kind != Kind::counter) {
      fail(spec_.rollover->place,
           "rollover: only a counter starts again at 0; expected kind = \"counter\" beside it");
    } else if (!(Decimal(0, 0) < spec_.rollover->value)) {
      fail(spec_.rollover->place,
           "rollover: expected a number above 0, the value at which the counter starts again");
    } else {
      made_.point.rollover = spec_.rollover->value;
      if (const auto objection = rollover_objection(made_.point))
        fail(spec_.rollover->place, "rollover: " + *objection);
    }
  }

  void take_marks() {
    if (!spec_.not_available) return;
    for (const toml::PlacedText& mark : *spec_.not_available) {
      if (!is_number(mark.place, "not-available")) return;
      auto words = parse_mark(made_.point, mark.text);
      if (words) {
        made_.point.not_available.push_back(std::move(*words));
        if (reads_like_decimal(mark.text)) {
          report_.warning(mark.place, "not-available: " + mark.text + " is read as hexadecimal; write 0x" +
                                          mark.text + " if it is meant so");
        }
      } else {
        fail(mark.place, "not-available: " + words.error().message);
      }
    }
  }

  const PointSpec& spec_;
  const DeviceHead& head_;
  toml::Report& report_;
  MadePoint made_;
  bool failed_ = false;
};

}  // namespace

std::optional<MadePoint> make_point(const PointSpec& spec, const DeviceHead& head, toml::Report& report) {
  return PointMaker(spec, head, report).make();
}

}  // namespace congto::meter
