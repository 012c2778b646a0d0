// Every golden sample is what our writers give for known records, to the byte; and our readers take it.
#include "tests/support/golden.hpp"

#include "agent/contract/batch.hpp"
#include "agent/contract/messages.hpp"
#include "tests/support/contract_plant.hpp"

using namespace congto;
using namespace congto::test;
using contract::BatchWriter;
using meter::Quality;

namespace {

constexpr WallTime sent = midnight + std::chrono::seconds(20);

std::string batch_of(const std::vector<meter::StoredRecord>& records) {
  BatchWriter batch("ice-plant-03-edge-1", "ice-plant-03", {});
  for (const auto& record : records) REQUIRE(batch.add(record));
  const auto text = batch.finish(sent);
  CHECK(text.size() == batch.bytes());
  return text;
}

void check_batch(const std::string& name, const std::string& text) {
  check_golden(name, text);
  const auto parsed = contract::parse_batch(text);
  REQUIRE(parsed.has_value());
  CHECK(parsed->refused.empty());
}

meter::Start first_start() { return {std::nullopt, std::nullopt, "first"}; }
meter::Start later_start() {
  return {meter::Start::Previous{earlier_epoch, 500}, midnight - std::chrono::minutes(7), "power"};
}
meter::Skipped skipped() {
  return {plant(), 0,         after_midnight(milliseconds(20'003)), after_midnight(milliseconds(59'996)),
          5,       "back-off"};
}

}  // namespace

TEST_CASE("golden: a sample, and a late one with slot and took") {
  auto late = compressor_sample(milliseconds(10'000));
  late.stamp = late.slot + milliseconds(11'400);
  late.took = milliseconds(1'250);
  check_batch("batch-sample.json",
              batch_of({stored(7, compressor_sample(milliseconds(0))), stored(8, late)}));
}

TEST_CASE("golden: qualities, and a poll that failed whole") {
  auto partly = compressor_sample(milliseconds(0));
  partly.words[4] = 0x8000;
  partly.quality = qualities(Quality::good, meter::exception_quality(2), Quality::good);
  auto failed = compressor_sample(milliseconds(10'000));
  failed.words.assign(5, 0);
  failed.quality.assign(3, Quality::timeout);
  check_batch("batch-troubles.json", batch_of({stored(9, partly), stored(10, failed)}));
}

TEST_CASE("golden: a boot that ended without time") {
  const meter::Dating estimated{known.offset, true, milliseconds(42'000)};
  check_batch("batch-estimated.json",
              batch_of({stored(3, compressor_sample(milliseconds(3'333)), estimated)}));
}

TEST_CASE("golden: start, skipped, void and meta") {
  check_batch("batch-first-start.json", batch_of({stored(1, first_start(), std::nullopt)}));
  check_batch("batch-start.json", batch_of({stored(1, later_start(), std::nullopt)}));
  check_batch("batch-skipped.json", batch_of({stored(11, skipped())}));
  const meter::Void evicted{earlier_epoch, 1, 480, "evicted"};
  const meter::Void corrupt{earlier_epoch, 481, std::nullopt, "corrupt"};
  check_batch("batch-void.json",
              batch_of({stored(12, evicted, std::nullopt), stored(13, corrupt, std::nullopt)}));
  check_batch("batch-meta.json", batch_of({stored(2, plant_meta(), std::nullopt)}));
}

TEST_CASE("golden: a void that answers a request has no seq") {
  BatchWriter batch("ice-plant-03-edge-1", "ice-plant-03", {});
  REQUIRE(batch.add_answer({earlier_epoch, 1, std::nullopt, "unknown-epoch"}, epoch));
  check_batch("batch-answer.json", batch.finish(sent));
}

TEST_CASE("golden: the first commit of a run") {
  check_batch("batch-commit.json",
              batch_of({stored(1, later_start(), std::nullopt), stored(2, plant_meta(), std::nullopt),
                        stored(3, compressor_sample(milliseconds(0))), stored(4, skipped())}));
}

TEST_CASE("golden: records that the agent does not write yet are read all the same") {
  for (const auto* const name : {"batch-correction.json", "batch-clock.json"}) {
    const auto parsed = contract::parse_batch(contents(samples() / name));
    REQUIRE(parsed.has_value());
    CHECK(parsed->refused.empty());
    CHECK(parsed->records.size() == 1);
  }
}

TEST_CASE("golden: each sample of what must be refused is refused") {
  std::size_t seen = 0;
  for (const auto& file : std::filesystem::directory_iterator(samples() / "refused")) {
    INFO(file.path().filename());
    const auto text = contents(file.path());
    const auto name = file.path().filename().string();
    if (name.starts_with("batch-")) {
      const auto parsed = contract::parse_batch(text);
      CHECK((!parsed || !parsed->refused.empty()));
    } else if (name.starts_with("ack-")) {
      CHECK_FALSE(contract::parse_ack(text).has_value());
    } else {
      CHECK_FALSE(contract::parse_request(text).has_value());
    }
    ++seen;
  }
  CHECK(seen >= 10);
}

TEST_CASE("golden: meta, online, ack and request") {
  check_golden("meta.json", contract::write_meta("ice-plant-03-edge-1", "ice-plant-03", plant_meta()));
  check_golden("online.json", contract::write_online(true));
  check_golden("online-will.json", contract::write_online(false));
  check_golden(
      "ack.json",
      write(contract::Ack{"centre-1", sent, {{earlier_epoch, {{1, 480}, {500, 510}}}, {epoch, {{1, 3}}}}}));
  check_golden("request.json",
               write(contract::DataRequest{{{earlier_epoch, {{481, 499}}}}, {plant()->id()}}));
}

TEST_CASE("golden: status") {
  contract::Status status;
  status.agent = "ice-plant-03-edge-1";
  status.site = "ice-plant-03";
  status.version = "0.1.0";
  status.sent = sent;
  status.clock = "ntp, error 12 ms";
  status.clock_known = true;
  status.journal = "file";
  status.journal_trouble = "journal.db was damaged and set aside as journal.db.damaged-1";
  status.journal_bytes = 1'048'576;
  status.uptime_s = 3620;
  status.ack = "central";
  status.last_ack_age_s = 4;
  status.epoch = epoch;
  status.last_seq = 4;
  status.unacknowledged = 32;
  status.samples = 720;
  status.failed_polls = 3;
  status.skipped_slots = 5;
  status.epochs = {{earlier_epoch, 481, 510}, {epoch, 3, 4}};
  status.alarms = {"no acknowledgement for 24 h"};
  status.buses = {{"line-1", "ok", 0.4213, 1440, 3, 0, 0, 0, 0}};
  status.meters = {{"compressor-1", "ok", 8, 0}, {"water-1", "silent", std::nullopt, 3}};
  check_golden("status.json", write(status));
}
