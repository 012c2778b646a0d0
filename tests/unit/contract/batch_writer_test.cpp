// What goes into a batch, and what does not belong together.
#include "agent/contract/batch_writer.hpp"

#include "agent/contract/batch_reader.hpp"
#include "agent/contract/topic.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contract_plant.hpp"

using namespace congto;
using namespace congto::test;
using contract::BatchWriter;
using meter::Quality;

namespace {

BatchWriter writer(contract::BatchLimits limits = {}) { return {"edge-1", "plant", limits}; }

// The text of one record alone.
std::string record_text(const meter::StoredRecord& record) {
  auto batch = writer();
  REQUIRE(batch.add(record));
  const auto text = batch.finish(midnight);
  const auto begin = text.find("\"records\":[") + 11;
  return text.substr(begin, text.size() - begin - 2);
}

std::string slot_of(const meter::StoredRecord& record) {
  const auto text = record_text(record);
  const auto at = text.find("\"slot\":");
  return at == std::string::npos ? "" : text.substr(at + 7, 13);
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

meter::Sample at_slot(milliseconds slot, milliseconds stamp) {
  auto sample = compressor_sample(slot);
  sample.stamp = after_midnight(stamp);
  return sample;
}

}  // namespace

TEST_CASE("a sample read within its own slot says no slot") {
  CHECK(slot_of(stored(1, at_slot(milliseconds(10'000), milliseconds(10'000)))).empty());
  CHECK(slot_of(stored(1, at_slot(milliseconds(10'000), milliseconds(19'999)))).empty());
}

TEST_CASE("a sample read in the next slot names its own") {
  CHECK(slot_of(stored(1, at_slot(milliseconds(10'000), milliseconds(20'000)))) == "1772323210000");
}

TEST_CASE("a slot within 50 ms of a multiple of the interval is that multiple") {
  CHECK(slot_of(stored(1, at_slot(milliseconds(9'950), milliseconds(10'300)))).empty());
  CHECK(slot_of(stored(1, at_slot(milliseconds(10'050), milliseconds(10'300)))).empty());
  CHECK(slot_of(stored(1, at_slot(milliseconds(9'949), milliseconds(10'300)))) == "1772323209949");
  CHECK(slot_of(stored(1, at_slot(milliseconds(10'051), milliseconds(10'300)))) == "1772323210051");
}

TEST_CASE("a sample stamped just before its slot names it") {
  CHECK(slot_of(stored(1, at_slot(milliseconds(10'000), milliseconds(9'999)))) == "1772323210000");
}

TEST_CASE("an estimated clock is told with its error, and its slots are not rounded") {
  const meter::Dating estimated{known.offset, true, milliseconds(1'500)};
  const auto record = stored(1, at_slot(milliseconds(10'020), milliseconds(10'300)), estimated);
  CHECK(slot_of(record) == "1772323210020");
  CHECK(holds(record_text(record), R"("clock":"estimated","clock_error":1500})"));
}

TEST_CASE("took is given above one second only") {
  auto sample = compressor_sample(milliseconds(0));
  sample.took = milliseconds(1000);
  CHECK_FALSE(holds(record_text(stored(1, sample)), "took"));
  sample.took = milliseconds(1001);
  CHECK(holds(record_text(stored(1, sample)), R"("took":1001)"));
}

TEST_CASE("q names what is not good, and such a point has no value") {
  auto sample = compressor_sample(milliseconds(0));
  sample.quality = qualities(Quality::crc, Quality::good, Quality::good);
  const auto text = record_text(stored(1, sample));
  CHECK(holds(
      text, R"("values":{"active_energy_import":18234.71,"power_factor":0.912},"q":{"active_power":"crc"})"));
}

TEST_CASE("points that the unit refuses stand neither in values nor in q") {
  auto sample = compressor_sample(milliseconds(0));
  sample.quality = qualities(Quality::unsupported, Quality::good, Quality::good);
  auto batch = writer();
  REQUIRE(batch.add(stored(1, sample)));
  CHECK(batch.readings() == 2);
  CHECK_FALSE(holds(batch.finish(midnight), "active_power"));
}

TEST_CASE("a poll that failed whole gives one word and counts as one reading, refused points aside") {
  auto sample = compressor_sample(milliseconds(0));
  sample.quality = qualities(Quality::unsupported, Quality::no_link, Quality::no_link);
  auto batch = writer();
  REQUIRE(batch.add(stored(1, sample)));
  CHECK(batch.readings() == 1);
  CHECK(holds(batch.finish(midnight), R"("values":{},"q":{"*":"no-link"}})"));
}

TEST_CASE("an implausible value is given together with its quality") {
  meter::LayoutMeter pulse{"pulse-1", "line-1", 3, "pulses", "water", milliseconds(10'000), {}};
  pulse.points.push_back(make_point("volume_total", meter::Type::mod10k4, meter::Unit::cubic_metre, {1, 0},
                                    meter::Kind::counter));
  meter::Sample sample;
  sample.layout = std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{pulse});
  sample.slot = sample.stamp = after_midnight(milliseconds(0));
  sample.words = {10'001, 0, 0, 0};
  sample.quality = {Quality::good};
  CHECK(holds(record_text(stored(1, sample)),
              R"("values":{"volume_total":10001},"q":{"volume_total":"implausible"})"));
}

TEST_CASE("a sample without dating is never published") {
  auto batch = writer();
  CHECK_FALSE(batch.add(stored(1, compressor_sample(milliseconds(0)), std::nullopt)));
  CHECK(batch.empty());
  CHECK_FALSE(batch.add(stored(1, meter::Skipped{plant(), 0, {}, {}, 1, "overrun"}, std::nullopt)));
  CHECK(batch.empty());
}

TEST_CASE("a batch is of one epoch") {
  auto batch = writer();
  REQUIRE(batch.add(stored(1, meter::Start{}, std::nullopt)));
  auto other = stored(2, compressor_sample(milliseconds(0)));
  other.id.epoch = earlier_epoch;
  const auto before = batch.finish(midnight);
  CHECK_FALSE(batch.add(other));
  CHECK_FALSE(batch.add_answer({earlier_epoch, 1, 2, "evicted"}, earlier_epoch));
  CHECK(batch.finish(midnight) == before);
}

TEST_CASE("samples of two layouts never share a batch; the same layout read again does") {
  auto batch = writer();
  REQUIRE(batch.add(stored(1, compressor_sample(milliseconds(0)))));
  auto sample = compressor_sample(milliseconds(10'000));
  sample.layout = std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{compressor()});
  CHECK_FALSE(batch.add(stored(2, sample)));
  sample.layout = std::make_shared<const meter::Layout>(plant()->meters());
  CHECK(batch.add(stored(2, sample)));
  CHECK(batch.seqs() == RangeSet{{1, 2}});
}

TEST_CASE("a record that is in the batch already is not added twice") {
  auto batch = writer();
  REQUIRE(batch.add(stored(5, compressor_sample(milliseconds(0)))));
  CHECK_FALSE(batch.add(stored(5, compressor_sample(milliseconds(0)))));
  CHECK(batch.records() == 1);
}

TEST_CASE("a damaged row goes out as a void of itself") {
  auto sample = compressor_sample(milliseconds(0));
  sample.words.pop_back();
  const std::string expected =
      R"({"seq":9,"void":{"epoch":")" + epoch.text() + R"(","first":9,"last":9},"why":"corrupt"})";
  CHECK(record_text(stored(9, sample)) == expected);
  sample = compressor_sample(milliseconds(0));
  sample.meter = 2;
  CHECK(record_text(stored(9, sample)) == expected);
}

TEST_CASE("bytes() is the length of the text, and max_bytes may be reached but not passed") {
  auto batch = writer();
  REQUIRE(batch.add(stored(1, compressor_sample(milliseconds(0)))));
  REQUIRE(batch.add(stored(2, compressor_sample(milliseconds(10'000)))));
  const auto whole = batch.bytes();
  CHECK(batch.finish(midnight).size() == whole);
  for (const std::size_t less : {0, 1}) {
    auto tight = writer({whole - less, 100, 100});
    REQUIRE(tight.add(stored(1, compressor_sample(milliseconds(0)))));
    const auto one = tight.finish(midnight);
    CHECK(tight.add(stored(2, compressor_sample(milliseconds(10'000)))) == (less == 0));
    if (less == 1) CHECK(tight.finish(midnight) == one);
  }
}

TEST_CASE("a batch can be 64 KiB to the byte") {
  const auto filled = [](std::size_t site_length) {
    BatchWriter batch("edge-1", std::string(site_length, 's'), {});
    std::uint64_t seq = 1000;
    while (batch.add(stored(seq, compressor_sample(milliseconds(0))))) ++seq;
    return batch.finish(midnight);
  };
  const auto slack = contract::max_batch_bytes - filled(1).size();
  CHECK(slack > 0);
  const auto full = filled(1 + slack);
  CHECK(full.size() == contract::max_batch_bytes);
  const auto parsed = contract::parse_batch(full);
  REQUIRE(parsed.has_value());
  CHECK(parsed->refused.empty());
  CHECK(filled(2 + slack).size() < contract::max_batch_bytes);
}

TEST_CASE("the limits of readings and records hold, and the first record always fits") {
  auto few = writer({contract::max_batch_bytes, 5, SIZE_MAX});
  REQUIRE(few.add(stored(1, compressor_sample(milliseconds(0)))));
  CHECK_FALSE(few.add(stored(2, compressor_sample(milliseconds(0)))));
  auto single = writer({contract::max_batch_bytes, 20'000, 1});
  REQUIRE(single.add(stored(1, compressor_sample(milliseconds(0)))));
  CHECK_FALSE(single.add(stored(2, meter::Void{epoch, 1, 1, "evicted"}, std::nullopt)));
  auto narrow = writer({10, 1, 1});
  CHECK(narrow.add(stored(1, compressor_sample(milliseconds(0)))));
}

TEST_CASE("a sample that found no room leaves nothing behind, not even its layout's name") {
  auto batch = writer({contract::max_batch_bytes, 20'000, 1});
  REQUIRE(batch.add(stored(1, meter::Start{}, std::nullopt)));
  const auto before = batch.finish(midnight);
  CHECK_FALSE(batch.add(stored(2, compressor_sample(milliseconds(0)))));
  CHECK(batch.finish(midnight) == before);
  CHECK(batch.bytes() == before.size());
  CHECK(batch.readings() == 0);
}

TEST_CASE("a cleared batch starts anew, for another epoch and layout") {
  auto batch = writer();
  REQUIRE(batch.add(stored(1, compressor_sample(milliseconds(0)))));
  batch.clear();
  CHECK(batch.empty());
  CHECK(batch.seqs().empty());
  batch.set_limits({1000, 1, 1});
  auto sample = compressor_sample(milliseconds(0));
  sample.layout = std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{compressor()});
  auto record = stored(1, sample);
  record.id.epoch = earlier_epoch;
  REQUIRE(batch.add(record));
  auto fresh = writer();
  REQUIRE(fresh.add(record));
  CHECK(batch.finish(midnight) == fresh.finish(midnight));
}

TEST_CASE("names may hold quotes, controls, other scripts and bytes that are no UTF-8") {
  auto meter = compressor();
  meter.name = "m\xC3\xA1y \"n\xC3\xA9n\"\n\\1\x01\xFF\xC3";
  auto sample = compressor_sample(milliseconds(0));
  sample.layout = std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{meter});
  BatchWriter batch("edge-1", "nh\xC3\xA0 m\xC3\xA1y \"3\"", {});
  REQUIRE(batch.add(stored(1, sample)));
  const auto parsed = contract::parse_batch(batch.finish(midnight));
  REQUIRE(parsed.has_value());
  CHECK(parsed->header.site == "nh\xC3\xA0 m\xC3\xA1y \"3\"");
  CHECK(std::get<contract::ParsedSample>(parsed->records.at(0).content).meter ==
        "m\xC3\xA1y \"n\xC3\xA9n\"\n\\1\x01\xEF\xBF\xBD\xEF\xBF\xBD");
}
