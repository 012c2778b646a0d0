// Records to blobs and back; a blob that was touched is never taken for a record.
#include "agent/journal/record_codec.hpp"

#include <limits>
#include <random>

#include "tests/support/open_journal.hpp"

using namespace congto;
using namespace congto::journal;
using congto::test::plant_layout;
using congto::test::same;
using congto::test::sample;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t key = record_key(3, 77);

FindLayout only(const meter::LayoutPtr& layout, std::uint64_t no = 9) {
  return [layout, no](std::uint64_t wanted) { return wanted == no ? layout : nullptr; };
}

std::vector<std::uint8_t> blob_of(const meter::Record& record) {
  std::vector<std::uint8_t> blob;
  encode(record, 9, key, blob);
  return blob;
}

void check_round_trip(const meter::Record& record, const meter::LayoutPtr& layout) {
  const auto back = decode(blob_of(record), key, only(layout));
  REQUIRE(back);
  REQUIRE(same(*back, record));
}

meter::Sample random_sample(const meter::LayoutPtr& layout, std::mt19937_64& random) {
  auto made = sample(layout, static_cast<std::uint16_t>(random() % 2), BootTime(0us));
  const auto bits = random() % 62;
  made.stamp = BootTime(std::chrono::microseconds(static_cast<std::int64_t>(random() >> (64 - bits - 1))));
  made.slot =
      made.stamp - std::chrono::microseconds(static_cast<std::int64_t>(random() % 2'000'000) - 1'000'000);
  made.took = std::chrono::milliseconds(static_cast<std::int64_t>(random() % 70'000));
  for (auto& word : made.words) word = static_cast<std::uint16_t>(random() >> random() % 16);
  for (auto& quality : made.quality) {
    if (random() % 3 == 0) quality = static_cast<meter::Quality>(random() % 256);
  }
  return made;
}

std::vector<meter::Record> one_of_each(const meter::LayoutPtr& layout) {
  const auto epoch = EpochId::random();
  meter::Start start;
  start.prev = meter::Start::Previous{epoch, 500};
  start.since = WallTime(1'772'323'200s);
  start.why = "crash";
  meter::Meta meta{layout, {{{"serial", "A-17"}, {"firmware", ""}}, {}}, {{}, {"active_power_1"}}};
  const auto now = BootTime(123'456'789us);
  return {sample(layout, 0, now), start, meter::Skipped{layout, 1, now, now + 50s, 6, "back-off"},
          meter::Void{epoch, 7, 12, "evicted"}, meta};
}

}  // namespace

TEST_CASE("samples with any stamp, words and qualities come back") {
  std::mt19937_64 random(1);
  const auto layout = plant_layout();
  for (int round = 0; round < 5000; ++round) check_round_trip(random_sample(layout, random), layout);
}

TEST_CASE("every kind of record comes back, with and without its optional parts") {
  const auto layout = plant_layout();
  for (const auto& record : one_of_each(layout)) check_round_trip(record, layout);
  check_round_trip(meter::Start{std::nullopt, std::nullopt, "first"}, layout);
  check_round_trip(meter::Void{EpochId(), 1, std::nullopt, "unknown-epoch"}, layout);
  check_round_trip(meter::Void{EpochId(), std::numeric_limits<std::uint64_t>::max(), 0, ""}, layout);
  check_round_trip(meter::Meta{layout, {}, {}}, layout);
}

TEST_CASE("one flipped bit anywhere is found out") {
  const auto layout = plant_layout();
  for (const auto& record : one_of_each(layout)) {
    const auto good = blob_of(record);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
      auto bad = good;
      bad[bit / 8] = static_cast<std::uint8_t>(bad[bit / 8] ^ 1U << bit % 8);
      REQUIRE_FALSE(decode(bad, key, only(layout)));
    }
  }
}

TEST_CASE("a blob that was cut short or lengthened is refused") {
  const auto layout = plant_layout();
  auto blob = blob_of(sample(layout, 0, BootTime(1s)));
  for (std::size_t size = 0; size < blob.size(); ++size) {
    REQUIRE_FALSE(decode(std::span<const std::uint8_t>(blob).first(size), key, only(layout)));
  }
  blob.push_back(0);
  CHECK_FALSE(decode(blob, key, only(layout)));
}

TEST_CASE("a blob under another key is refused") {
  const auto layout = plant_layout();
  const auto blob = blob_of(sample(layout, 0, BootTime(1s)));
  CHECK_FALSE(decode(blob, key + 1, only(layout)));
}

TEST_CASE("a record whose layout is not known cannot be read") {
  const auto layout = plant_layout();
  CHECK_FALSE(decode(blob_of(sample(layout, 0, BootTime(1s))), key, only(layout, 8)));
}

TEST_CASE("random bytes are never a record, and never harm") {
  std::mt19937 random(3);
  const auto layout = plant_layout();
  for (int round = 0; round < 20'000; ++round) {
    std::vector<std::uint8_t> bytes(random() % 64);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    REQUIRE_FALSE(decode(bytes, key, only(layout)));
  }
}

TEST_CASE("keys keep epoch and seq apart and in the order of their commits") {
  CHECK(record_key(1, 2) < record_key(1, 3));
  CHECK(record_key(1, (std::uint64_t{1} << seq_bits) - 1) < record_key(2, 1));
  CHECK(epoch_of(record_key(77, 5)) == 77);
  CHECK(seq_of(record_key(77, 5)) == 5);
}

TEST_CASE("a sample that does not fit its layout is not well formed") {
  const auto layout = plant_layout();
  auto made = sample(layout, 0, BootTime(1s));
  CHECK(well_formed(made));
  made.words.pop_back();
  CHECK_FALSE(well_formed(made));
  made = sample(layout, 0, BootTime(1s));
  made.quality.push_back(meter::Quality::good);
  CHECK_FALSE(well_formed(made));
  made = sample(layout, 0, BootTime(1s));
  made.meter = 2;
  CHECK_FALSE(well_formed(made));
  CHECK_FALSE(well_formed(meter::Sample{}));
}
