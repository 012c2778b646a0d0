// Layout: the meters of a site and their points as they were when samples were read, under its hash.
// The journal keeps it beside the samples, so that history is always decoded with the map it was read with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "drivers/core/error.hpp"
#include "drivers/meter/point.hpp"

namespace congto::meter {

// One configured meter as history needs it. Points of kind info are not in `points`: they are not sampled.
struct LayoutMeter {
  std::string name;
  std::string bus;
  modbus::UnitId unit_id = 1;
  std::string profile;
  std::string medium;  // "electricity", "water", …
  std::chrono::milliseconds every{0};
  std::vector<Point> points;
  bool operator==(const LayoutMeter&) const = default;

  std::size_t raw_words() const;  // of one whole sample
};

class Layout {
 public:
  explicit Layout(std::vector<LayoutMeter> meters);

  // 32 hex digits over text() (name-based UUID): equal for equal layouts, on every machine.
  const std::string& id() const { return id_; }
  const std::vector<LayoutMeter>& meters() const { return meters_; }

  // Canonical JSON, and back. parse() fails on a text that is damaged or not canonical.
  std::string text() const;
  static Result<std::shared_ptr<const Layout>> parse(std::string_view text);

 private:
  std::vector<LayoutMeter> meters_;
  std::string id_;
};

using LayoutPtr = std::shared_ptr<const Layout>;

// The points of one of its meters; they keep the layout alive.
std::shared_ptr<const std::vector<Point>> points_of(const LayoutPtr& layout, std::size_t meter);

}  // namespace congto::meter
