// A small plant for the tests of the contract: two meters, and records of them at chosen times.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "drivers/core/clock.hpp"
#include "drivers/core/epoch.hpp"
#include "drivers/meter/record.hpp"

namespace congto::test {

using std::chrono::milliseconds;

inline const EpochId epoch = *EpochId::parse("3f2a9c51d07e4b6688aa01c2d3e4f506");
inline const EpochId earlier_epoch = *EpochId::parse("00112233445566778899aabbccddeeff");

// 2026-03-01 00:00:00 UTC; a multiple of every interval that a bill knows.
inline constexpr WallTime midnight{std::chrono::seconds(1'772'323'200)};
// Boot time 0 is an hour before that midnight.
inline constexpr meter::Dating known{std::chrono::microseconds(1'772'319'600'000'000), false,
                                     milliseconds(0)};
inline BootTime after_midnight(std::chrono::microseconds by) { return BootTime(std::chrono::hours(1) + by); }

inline meter::Point make_point(std::string name, meter::Type type, meter::Unit unit, Decimal scale,
                               meter::Kind kind = meter::Kind::gauge) {
  meter::Point point;
  point.name = std::move(name);
  point.type = type;
  point.registers = meter::registers_of(type);
  point.unit = unit;
  point.scale = scale;
  point.kind = kind;
  return point;
}

inline meter::LayoutMeter compressor() {
  meter::LayoutMeter meter{"compressor-1",       "line-1", 1, "eastron-sdm630-v2", "electricity",
                           milliseconds(10'000), {}};
  meter.points.push_back(make_point("active_power", meter::Type::s32, meter::Unit::watt, {1, -1}));
  auto energy = make_point("active_energy_import", meter::Type::u32, meter::Unit::kilowatt_hour, {1, -2},
                           meter::Kind::counter);
  energy.rollover = Decimal(1, 6);
  meter.points.push_back(energy);
  auto factor = make_point("power_factor", meter::Type::s16, meter::Unit::none, {1, -3});
  factor.not_available = {{0x8000}};
  meter.points.push_back(factor);
  return meter;
}

inline meter::LayoutMeter water() {
  meter::LayoutMeter meter{"water-1", "line-1", 7, "generic-emf-1010", "water", milliseconds(900'000), {}};
  auto volume =
      make_point("volume_total", meter::Type::u32, meter::Unit::cubic_metre, {1, -3}, meter::Kind::counter);
  volume.verify = true;
  meter.points.push_back(volume);
  meter.points.push_back(
      make_point("flow_rate", meter::Type::f32, meter::Unit::cubic_metre_per_hour, {1, 0}));
  return meter;
}

inline meter::LayoutPtr plant() {
  static const auto layout =
      std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{compressor(), water()});
  return layout;
}

inline std::vector<meter::Quality> qualities(meter::Quality power, meter::Quality energy,
                                             meter::Quality factor) {
  return {power, energy, factor};
}

// 7421.5 W, 18234.71 kWh, power factor 0.912, read 212 ms after the slot that lies `after` midnight.
inline meter::Sample compressor_sample(milliseconds after) {
  meter::Sample sample;
  sample.layout = plant();
  sample.slot = after_midnight(after);
  sample.stamp = sample.slot + milliseconds(212);
  sample.took = milliseconds(180);
  sample.words = {0x0001, 0x21E7, 0x001B, 0xD2EF, 912};
  sample.quality.assign(3, meter::Quality::good);
  return sample;
}

inline meter::StoredRecord stored(std::uint64_t seq, meter::Record record,
                                  std::optional<meter::Dating> dating = known) {
  return {{epoch, seq}, std::move(record), dating};
}

inline meter::Meta plant_meta() {
  return {plant(), {{{"serial_number", "0012345"}}, {}}, {{}, {"flow_rate"}}};
}

}  // namespace congto::test
