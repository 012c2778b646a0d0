// up/meta: tables of points are shared, and a big site stays below the limit.
#include "agent/contract/meta.hpp"

#include "agent/contract/batch_writer.hpp"
#include "agent/contract/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contract_plant.hpp"

using namespace congto;
using namespace congto::test;

namespace {

meter::Meta meta_of(std::vector<meter::LayoutMeter> meters) {
  return {std::make_shared<const meter::Layout>(std::move(meters)), {}, {}};
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("meters with the same points share a table") {
  auto second = compressor();
  second.name = "compressor-2";
  const auto text = contract::write_meta("edge-1", "plant", meta_of({compressor(), second}));
  CHECK(count(text, "\"active_power\"") == 1);
  CHECK(count(text, R"("points":"eastron-sdm630-v2")") == 2);
}

TEST_CASE("meters of one profile with other points get a table of their own") {
  auto second = compressor();
  second.name = "compressor-2";
  second.points.pop_back();
  auto third = compressor();
  third.name = "compressor-3";
  third.profile = "eastron-sdm630-v2-2";
  third.points.erase(third.points.begin());
  const auto text = contract::write_meta("edge-1", "plant", meta_of({compressor(), second, third}));
  CHECK(count(text, R"("points":"eastron-sdm630-v2")") == 1);
  CHECK(count(text, R"("points":"eastron-sdm630-v2-2")") == 1);
  CHECK(count(text, R"("points":"eastron-sdm630-v2-2-2")") == 1);
}

TEST_CASE("60 meters of four models with 80 points each fit on the wire") {
  std::vector<meter::LayoutMeter> meters;
  for (int i = 0; i < 60; ++i) {
    meter::LayoutMeter one{"compressor-hall-" + std::to_string(i),
                           "gateway-1",
                           static_cast<modbus::UnitId>(i + 1),
                           "manufacturer-model-" + std::to_string(i % 4),
                           "electricity",
                           milliseconds(10'000),
                           {}};
    for (int p = 0; p < 80; ++p) {
      one.points.push_back(make_point("active_energy_import_tariff_" + std::to_string(p + 80 * (i % 4)),
                                      meter::Type::u32, meter::Unit::kilowatt_hour, {1, 0},
                                      meter::Kind::counter));
    }
    meters.push_back(one);
  }
  auto meta = meta_of(meters);
  meta.info.assign(60, {{"serial_number", "1234567890"}, {"firmware", "2.07"}});
  contract::BatchWriter batch("edge-1", "plant", {});
  REQUIRE(batch.add(stored(2, meta, std::nullopt)));
  CHECK(batch.bytes() < contract::max_batch_bytes);
}

TEST_CASE("a meta record above the limit goes out alone") {
  auto meter = compressor();
  meter.profile = std::string(70'000, 'p');
  contract::BatchWriter batch("edge-1", "plant", {});
  REQUIRE(batch.add(stored(2, meta_of({meter}), std::nullopt)));
  CHECK(batch.bytes() > contract::max_batch_bytes);
  CHECK_FALSE(batch.add(stored(3, meter::Void{epoch, 1, 1, "evicted"}, std::nullopt)));
  batch.clear();
  REQUIRE(batch.add(stored(1, meter::Start{}, std::nullopt)));
  CHECK_FALSE(batch.add(stored(2, meta_of({meter}), std::nullopt)));
}

TEST_CASE("what a meter says of itself may hold anything") {
  auto meta = meta_of({compressor()});
  meta.info = {{{"serial_number", std::string("\"\0\\\xE9", 4)}}};
  const auto text = contract::write_meta("edge-1", "plant", meta);
  CHECK(count(text, R"("info":{"serial_number":"\"\u0000\\)"
                    "\xEF\xBF\xBD\"}") == 1);
}
