// PointSpec: a point as a file writes it, each key with its place; a meter's spec may be laid over a
// profile's. Read here, turned into a Point by point_maker.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "drivers/meter/numbering.hpp"
#include "drivers/meter/point.hpp"
#include "drivers/toml/table.hpp"

namespace congto::meter {

template <class Value>
struct Given {
  Value value;
  toml::Place place;
};

struct PlusSpec {
  RegisterNumber at;
  Type type = Type::f32;
  std::optional<Given<Decimal>> scale;
};

struct PointSpec {
  std::string name;
  toml::Place place;     // of the name
  bool damaged = false;  // a key was wrong, and reported: what is missing may be what was meant by it
  std::optional<Given<std::string>> from;  // [meter.points] only: the profile's point that this one replaces
  std::optional<Given<modbus::Function>> function;
  std::optional<Given<RegisterNumber>> at;
  std::optional<Given<std::uint16_t>> registers;
  std::optional<Given<Type>> type;
  std::optional<Given<WordOrder>> word_order;
  std::optional<Given<std::string>> unit;  // any text; "setting" where a menu of the device decides
  std::optional<Given<Decimal>> scale;
  std::optional<Given<RegisterNumber>> scale_at;
  std::optional<Given<PlusSpec>> plus;
  std::optional<Given<Kind>> kind;
  std::optional<Given<Decimal>> rollover;
  std::optional<std::vector<toml::PlacedText>> not_available;
  std::optional<Given<bool>> secondary;
  std::optional<Given<bool>> verify;
};

enum class SpecOf : std::uint8_t { profile, meter };

// One entry of [points] or [meter.points]. Nothing when it is no table, such as a key of another place that
// stands below the header; wrong values are reported and left out.
std::optional<PointSpec> read_point_spec(const toml::Entry& entry, SpecOf of, toml::Table& points);

// `over` laid over `base`: what `over` says counts. A rollover follows a new scale where that is exact;
// nothing and an error where `over` must give it anew.
std::optional<PointSpec> laid_over(const PointSpec& base, const PointSpec& over, toml::Report& report);

}  // namespace congto::meter
