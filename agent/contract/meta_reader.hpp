// The centre's view of up/meta and of the meta record: what the meters of a layout are. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/decimal.hpp"
#include "drivers/core/error.hpp"

namespace congto::contract {

struct ParsedMeta {
  struct Point {
    std::string name, unit, kind;
    std::optional<Decimal> rollover;
    bool verify = false;
  };
  struct Meter {
    std::string name, bus, profile, medium;
    std::int64_t unit_id = 0;
    std::int64_t every = 0;  // ms, at least 1
    std::vector<Point> points;
  };
  std::string agent, site;
  std::string id;  // of the layout
  std::vector<Meter> meters;
};

// Fails as a whole when any part of it is wrong: a half-understood layout would lie about every sample.
Result<ParsedMeta> parse_meta(std::string_view text);

}  // namespace congto::contract
