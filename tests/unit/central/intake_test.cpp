// What the centre takes, and the reason for what it does not, before any database is asked.
#include "agent/central/intake.hpp"

#include "agent/contract/gzip.hpp"
#include "agent/contract/json_text.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

using namespace congto;
using namespace congto::central;

namespace {

const std::int64_t now_ms = 1'795'853'902'001;  // 2026-11-28
const WallTime now = contract::from_unix_ms(now_ms);
constexpr std::int64_t day = 86'400'000;

std::string batch(const std::string& records, const std::string& agent = "edge-1") {
  return R"({"v":1,"agent":")" + agent + R"(","site":"plant","epoch":"00112233445566778899aabbccddeeff",)" +
         R"("sent":1772323220000,"meta":"m","records":[)" + records + "]}";
}
std::string sample(std::int64_t ts, const std::string& more = "") {
  return R"({"seq":1,"ts":)" + std::to_string(ts) + R"(,"meter":"m-1","values":{"a":1})" + more + "}";
}
Taken take(std::string payload, const std::string& topic = "up/data", std::string encoding = "") {
  return take_in({"congto/v1/edge-1/" + topic, std::move(payload), std::move(encoding)}, now);
}
std::string reason(const Taken& taken) {
  const auto* const unusable = std::get_if<Unusable>(&taken.content);
  return unusable == nullptr ? "" : unusable->reason;
}
const Batch& batch_of(const Taken& taken) {
  INFO(reason(taken));
  REQUIRE(std::holds_alternative<std::unique_ptr<Batch>>(taken.content));
  return *std::get<std::unique_ptr<Batch>>(taken.content);
}
std::string refusal(const std::string& record) {
  const auto taken = take(batch(record));
  const auto& parsed = batch_of(taken).parsed;
  CHECK(parsed.records.size() + parsed.refused.size() == 1);
  CHECK(batch_of(taken).hashes.size() == parsed.records.size());
  return parsed.refused.empty() ? "" : parsed.refused[0].reason;
}
bool has(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a batch above 64 KiB is taken only when it holds one record, as a large site's meta record does") {
  const auto long_record = [](std::size_t bytes) {
    return sample(now_ms, R"(,"unknown":")" + std::string(bytes, 'x') + '"');
  };
  CHECK(reason(take(batch(long_record(70'000)))).empty());
  CHECK(reason(take(batch(long_record(65'000)))).empty());
  CHECK(reason(take(batch(long_record(40'000) + "," + long_record(20'000)))).empty());
  CHECK(has(reason(take(batch(long_record(40'000) + "," + long_record(30'000)))),
            "with 2 records; above 65536 a record must be alone"));
  CHECK(has(reason(take(batch(long_record(70'000) + R"(,{"seq":2})"))), "with 2 records"));
}

TEST_CASE("every golden sample of the contract is taken") {
  for (const auto& file : std::filesystem::directory_iterator(test::samples())) {
    if (!file.is_regular_file()) continue;
    const auto name = file.path().stem().string();
    const auto kind = name.substr(0, name.find('-'));
    if (kind == "ack" || kind == "request") continue;
    INFO(name);
    const auto text = test::contents(file.path());
    const auto topic = kind == "batch" ? std::string("up/backfill") : "up/" + kind;
    const auto taken = take_in({"congto/v1/ice-plant-03-edge-1/" + topic, text, ""}, now);
    CHECK(reason(taken) == "");
    if (kind == "batch") {
      for (const auto& refused : batch_of(taken).parsed.refused) FAIL(refused.reason);
    }
  }
}

TEST_CASE("a sample's time lies between 2020 and tomorrow, unless its clock is estimated") {
  CHECK(refusal(sample(now_ms)) == "");
  CHECK(refusal(sample(now_ms + day)) == "");
  CHECK(has(refusal(sample(now_ms + day + 1)), "more than a day ahead"));
  CHECK(refusal(sample(1'577'836'800'000)) == "");
  CHECK(has(refusal(sample(1'577'836'799'999)), "before 2020"));
  CHECK(has(refusal(sample(0)), "before 2020"));
  const std::string estimated = R"(,"clock":"estimated","clock_error":99)";
  CHECK(refusal(sample(1'000'000'000'000, estimated)) == "");
  CHECK(refusal(sample(now_ms + 30 * day, estimated)) == "");
  CHECK(has(refusal(sample(5, estimated)), "outside 2000 to 2100"));
  CHECK(has(refusal(sample(9'007'199'254'740'991, estimated)), "outside 2000 to 2100"));
  CHECK(has(refusal(sample(now_ms, R"(,"slot":1)")), "slot 1970-01-01 00:00:00.001+00 lies before 2020"));
}

TEST_CASE("a sample's slot lies within two days of its time") {
  const auto slot = [](std::int64_t ms) {
    return refusal(sample(now_ms, ",\"slot\":" + std::to_string(ms)));
  };
  CHECK(slot(now_ms - 2 * day) == "");
  CHECK(has(slot(now_ms - 2 * day - 1), "lies days from ts 2026-11-28"));
}

TEST_CASE("skipped slots have such times, too") {
  const auto skipped = [](std::int64_t from, std::int64_t to, const std::string& more = "") {
    return R"({"seq":1,"event":"skipped","meter":"m-1","from":)" + std::to_string(from) + R"(,"to":)" +
           std::to_string(to) + R"(,"count":2,"why":"overrun")" + more + "}";
  };
  CHECK(refusal(skipped(now_ms - 1000, now_ms)) == "");
  CHECK(has(refusal(skipped(5, now_ms)), "from lies before 2020"));
  CHECK(has(refusal(skipped(now_ms, now_ms + 2 * day)), "to lies more than a day ahead"));
  CHECK(refusal(skipped(1'000'000'000'000, 1'000'000'001'000, R"(,"clock":"estimated","clock_error":99)")) ==
        "");
}

TEST_CASE("one bad record does not stop the others, and keeps its number") {
  const auto taken = take(batch(R"({"seq":1,"event":"door"},{"seq":2,"ts":3,"meter":"m","values":{}},)"
                                R"({"seq":3,"event":"door"},{"seq":4},{"seq":5,"event":"door"})"));
  const auto& parsed = batch_of(taken).parsed;
  REQUIRE(parsed.records.size() == 3);
  CHECK(parsed.records[0].seq == 1);
  CHECK(parsed.records[1].seq == 3);
  CHECK(parsed.records[2].seq == 5);
  REQUIRE(parsed.refused.size() == 2);
  CHECK(batch_of(taken).hashes.size() == 3);
}

TEST_CASE("a text with a zero character is refused: no database stores it") {
  CHECK(has(refusal(R"({"seq":1,"event":"door","text":"a\u0000b"})"), "zero character"));
  CHECK(has(reason(take(R"({"v":1,"x":"\u0000"})", "up/status")), "zero character"));
}

TEST_CASE("backfill may be gzip; live data and other encodings may not") {
  const auto packed = contract::gzip(batch(sample(now_ms))).value();
  CHECK(batch_of(take(packed, "up/backfill", "gzip")).parsed.records.size() == 1);
  CHECK(has(reason(take(packed, "up/data", "gzip")), "never compressed"));
  CHECK(has(reason(take(packed, "up/backfill", "br")), "\"br\" is not known"));
  CHECK(has(reason(take(packed, "up/backfill")), "not JSON"));
  CHECK(has(reason(take(packed.substr(0, packed.size() / 2), "up/backfill", "gzip")), "cut short"));
}

TEST_CASE("what explodes when it is unpacked is parked as it came") {
  const auto bomb = contract::gzip(std::string(50'000'000, ' ')).value();
  REQUIRE(bomb.size() < 64 * 1024);
  const auto taken = take(bomb, "up/backfill", "gzip");
  CHECK(has(reason(taken), "more than 1048576 bytes"));
  CHECK(taken.arrival.payload == bomb);
}

TEST_CASE("names in the payload must be those of the topic") {
  CHECK(has(reason(take(batch(sample(now_ms), "edge-2"))), "came on the topic of \"edge-1\""));
  const auto status = test::contents(test::samples() / "status.json");
  CHECK(has(reason(take(status, "up/status")), "not that of the topic"));
  const auto meta = test::contents(test::samples() / "meta.json");
  CHECK(has(reason(take(meta, "up/meta")), "not that of the topic"));
}

TEST_CASE("rubbish is unusable, with a reason") {
  for (const char* const topic : {"up/data", "up/backfill", "up/status", "up/meta", "up/online"}) {
    for (const std::string payload : {"rubbish", "{}", "[]", "{\"v\":2}", "\xff\xfe", "null"}) {
      INFO(topic << " " << payload);
      CHECK(reason(take(payload, topic)) != "");
    }
  }
  CHECK(has(reason(take(std::string(300'000, ' '))), "300000 bytes"));
  CHECK(has(reason(take("x", "down/ack")), "does not publish on this topic"));
  CHECK(has(reason(take_in({"congto/v1/EDGE/up/data", "x", ""}, now)), "no valid agent"));
}

TEST_CASE("an empty message on a retained topic is a topic that was deleted; an empty batch is rubbish") {
  for (const char* const topic : {"up/status", "up/meta", "up/online"}) {
    CHECK(std::holds_alternative<Deleted>(take("", topic).content));
  }
  CHECK(reason(take("", "up/data")) != "");
}
