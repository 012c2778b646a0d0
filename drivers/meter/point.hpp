// Point: one named quantity of a profile and everything that decoding its registers needs.
// Plain values, filled by the profile and site readers, used by read plan, decoder and layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/decimal.hpp"
#include "drivers/meter/unit.hpp"
#include "drivers/modbus/pdu.hpp"

namespace congto::meter {

enum class Type : std::uint8_t {
  u16,
  s16,
  u32,
  s32,
  u64,
  s64,
  f32,
  f64,
  bits16,
  bits32,
  sm16,     // bit 15 is the sign, the rest the magnitude (Schneider PM800 power factor)
  pf4q,     // f32 power factor with the quadrant folded in: v > 1 is 2 - v leading, v < -1 is -2 - v leading
  mod10k4,  // four registers, sum of reg[i] x 10000^i, first register lowest
  ascii,
};

enum class WordOrder : std::uint8_t { big, little };
enum class Kind : std::uint8_t { gauge, counter, status, info };

std::string_view text(Type type);
std::string_view text(Kind kind);
std::string_view text(WordOrder order);
std::optional<Type> parse_type(std::string_view text);
std::optional<Kind> parse_kind(std::string_view text);
std::optional<WordOrder> parse_word_order(std::string_view text);
// Registers of a value of this type; 0 for ascii, whose length the profile gives.
std::uint16_t registers_of(Type type);

// A part added to the point's value, in the same request: the fraction of an integer totalizer.
struct Plus {
  std::uint16_t at = 0;
  Type type = Type::f32;
  Decimal scale{1, 0};  // of the part itself, before the sum: 0.001 for the litres beside m3
  bool operator==(const Plus&) const = default;
};

// Factor of current or voltage transformers, kept as the two numbers printed on them ("200/5").
struct Ratio {
  std::int64_t primary = 1;
  std::int64_t secondary = 1;
  bool operator==(const Ratio&) const = default;
};

struct Point {
  std::string name;                                                      // [a-z0-9_]+
  modbus::Function function = modbus::Function::read_holding_registers;  // 1-4
  std::uint16_t at = 0;                                                  // wire address, 0-based
  std::uint16_t registers = 1;  // of the value itself; coils for functions 1 and 2
  Type type = Type::u16;
  WordOrder word_order = WordOrder::big;
  Unit unit = Unit::none;
  Decimal scale{1, 0};
  std::optional<std::uint16_t> scale_at;  // register holding a signed power of ten, same function, same poll
  std::optional<Plus> plus;
  Kind kind = Kind::gauge;
  std::optional<Decimal> rollover;  // value, in `unit`, at which the counter starts again at 0
  // Raw values that mean "not available"; each as long as the value, most significant register first
  // whatever the word order.
  std::vector<std::vector<std::uint16_t>> not_available;
  Ratio ratio;             // product of ct and vt where they apply; 1/1 otherwise
  bool secondary = false;  // `side = "secondary"`: before the transformers
  bool verify = false;     // only one source gives this point
  bool operator==(const Point&) const = default;

  // Words that a sample keeps for this point: value, then the scale register, then the plus part.
  std::size_t raw_words() const;
};

}  // namespace congto::meter
