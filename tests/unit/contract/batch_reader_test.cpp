// What the centre takes from a batch, and that a broken record never stops the others.
#include "agent/contract/batch_reader.hpp"

#include <random>

#include "agent/contract/batch_writer.hpp"
#include "agent/contract/limits.hpp"
#include "agent/contract/record_reader.hpp"
#include "drivers/meter/decode.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contract_plant.hpp"
#include "tests/support/golden.hpp"

using namespace congto;
using namespace congto::test;
using contract::parse_batch;
using contract::ParsedEvent;
using contract::ParsedSample;

namespace {

std::string batch(const std::string& records) {
  return R"({"v":1,"agent":"edge-1","site":"plant","epoch":")" + epoch.text() +
         R"(","sent":1772323220000,"meta":"m","records":[)" + records + "]}";
}

std::string reason(const std::string& record) {
  const auto parsed = parse_batch(batch(record));
  REQUIRE(parsed.has_value());
  return parsed->refused.empty() ? "" : parsed->refused.front().reason;
}

ParsedSample sample(const std::string& record) {
  const auto parsed = parse_batch(batch(record));
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->records.size() == 1);
  return std::get<ParsedSample>(parsed->records.front().content);
}

std::string with_values(const std::string& values) {
  return R"({"seq":1,"ts":1772323200212,"meter":"m-1","values":{)" + values + "}}";
}

const char* const good = R"({"seq":7,"ts":1772323200212,"meter":"m-1","values":{"active_power":1}})";

}  // namespace

TEST_CASE("numbers are kept to the last digit") {
  for (const std::string text : {"0", "230.2", "-0.001", "9223372036854775.807", "18446744073709551.615",
                                 "1e-20", "123456789012345678901234567890", "0.1234567890123456789"}) {
    INFO(text);
    const auto read = sample(with_values("\"x\":" + text));
    CHECK(read.values.at(0).second == *Decimal::parse(text));
  }
}

TEST_CASE("numbers that no database column takes are refused") {
  for (const std::string text : {"1e400", "-1e400", "1234567890123456789012345678901"}) {
    INFO(text);
    CHECK_FALSE(reason(with_values("\"x\":" + text)).empty());
  }
}

TEST_CASE("all fields of a sample are read") {
  const auto read = sample(
      R"( { "seq" : 7, "ts":1772323211000, "slot":1772323200000, "took":1200, "meter":"m-1",
            "values" : { "a" : 1.5 , "b":-2 }, "q":{"b":"implausible","c":"exception-11"},
            "clock":"estimated", "clock_error":90, "later":[{"unknown":"}]"}] } )");
  CHECK(read.ts == 1'772'323'211'000);
  CHECK(read.slot == 1'772'323'200'000);
  CHECK(read.took == 1200);
  CHECK(read.meter == "m-1");
  CHECK(read.values == std::vector<std::pair<std::string, Decimal>>{{"a", {15, -1}}, {"b", {-2, 0}}});
  CHECK(read.q ==
        std::vector<std::pair<std::string, std::string>>{{"b", "implausible"}, {"c", "exception-11"}});
  CHECK(read.estimated);
  CHECK(read.clock_error == 90);
}

TEST_CASE("a broken record is refused with its text and does not stop the others") {
  const std::string broken = R"({"seq":8,"ts":"yesterday","meter":"m-1","values":{}})";
  const auto parsed =
      parse_batch(batch(std::string(good) + "," + broken + R"(,{"seq":9,"event":"start"},5)"));
  REQUIRE(parsed.has_value());
  CHECK(parsed->records.size() == 1);
  REQUIRE(parsed->refused.size() == 3);
  CHECK(parsed->refused[0].index == 1);
  CHECK(parsed->refused[0].seq == 8);
  CHECK(parsed->refused[0].json == broken);
  CHECK(parsed->refused[0].reason.find("\"ts\"") != std::string::npos);
  CHECK(parsed->refused[2].json == "5");
  CHECK_FALSE(parsed->refused[2].seq.has_value());
}

TEST_CASE("a field that stands twice leaves no doubt about which counts: the record is refused") {
  CHECK_FALSE(reason(with_values(R"("x":1,"x":2)")).empty());
  CHECK_FALSE(reason(R"({"seq":1,"seq":2,"ts":1,"meter":"m","values":{}})").empty());
  CHECK(reason(with_values(R"("x":1,"X":2)")).empty());
}

TEST_CASE("of two records with one seq the first counts") {
  const auto parsed = parse_batch(batch(std::string(good) + "," + good));
  REQUIRE(parsed.has_value());
  CHECK(parsed->records.size() == 1);
  REQUIRE(parsed->refused.size() == 1);
  CHECK(parsed->refused[0].seq == 7);
}

TEST_CASE("qualities must agree with the values") {
  CHECK(reason(R"({"seq":1,"ts":1,"meter":"m","values":{},"q":{"*":"timeout"}})").empty());
  CHECK_FALSE(reason(R"({"seq":1,"ts":1,"meter":"m","values":{},"q":{"*":"timeout","x":"crc"}})").empty());
  CHECK_FALSE(reason(R"({"seq":1,"ts":1,"meter":"m","values":{"x":1},"q":{"x":"timeout"}})").empty());
  CHECK_FALSE(reason(R"({"seq":1,"ts":1,"meter":"m","values":{},"q":{"x":"implausible"}})").empty());
}

TEST_CASE("the list of qualities is closed") {
  for (const auto* const word : {"timeout", "crc", "bad-reply", "no-link", "not-available", "implausible",
                                 "exception-1", "exception-11", "exception-255"}) {
    CHECK(contract::known_quality_word(word));
  }
  for (const auto* const word : {"", "good", "unsupported", "exception-", "exception-0", "exception-01",
                                 "exception-256", "exception-1000", "exception-x", "Timeout"}) {
    CHECK_FALSE(contract::known_quality_word(word));
  }
}

TEST_CASE("an event that is not known here is kept as it came") {
  const std::string unknown = R"({"seq":3,"event":"door","open":true})";
  const auto parsed = parse_batch(batch(unknown));
  REQUIRE(parsed.has_value());
  const auto& event = std::get<ParsedEvent>(parsed->records.at(0).content);
  CHECK(event.event == "door");
  CHECK(event.json == unknown);
}

TEST_CASE("a void that answers a request has no seq; everything else needs one") {
  const std::string gone =
      R"("void":{"epoch":")" + epoch.text() + R"(","first":1,"last":null},"why":"evicted"})";
  const auto parsed = parse_batch(batch("{" + gone + ",{\"seq\":4," + gone));
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->records.size() == 2);
  CHECK_FALSE(parsed->records[0].seq.has_value());
  CHECK(parsed->records[1].seq == 4);
  CHECK_FALSE(reason(R"({"ts":1,"meter":"m","values":{}})").empty());
  CHECK_FALSE(reason("{\"seq\":0," + gone).empty());
}

TEST_CASE("an envelope that cannot be trusted fails the batch, and the text says why") {
  const auto error = [](const std::string& text) {
    const auto parsed = parse_batch(text);
    REQUIRE(parsed.has_error());
    return parsed.error().message;
  };
  CHECK(error("").starts_with("batch: not JSON"));
  CHECK(error("[]").find("not an object") != std::string::npos);
  CHECK(error("{}").find("\"v\"") != std::string::npos);
  const auto text = batch("");
  const auto changed = [&](const std::string& from, const std::string& to) {
    auto other = text;
    return other.replace(other.find(from), from.size(), to);
  };
  CHECK(error(changed("\"v\":1", "\"v\":2")).find("version 2") != std::string::npos);
  CHECK(error(changed("edge-1", "Edge 1")).find("\"agent\"") != std::string::npos);
  CHECK(error(changed(epoch.text(), "00")).find("\"epoch\"") != std::string::npos);
  CHECK(error(changed("[]", "{}")).find("\"records\"") != std::string::npos);
  CHECK(error(text + "x").starts_with("batch: not JSON"));
  CHECK(error(std::string(contract::max_expanded_bytes + 1, ' ')).find("1 MiB") != std::string::npos);
}

TEST_CASE("more than 20,000 readings fail the batch, and exactly so many do not") {
  std::string values;
  for (int i = 0; i < 10'000; ++i) values += (i == 0 ? "\"x" : ",\"x") + std::to_string(i) + "\":1";
  const auto record = [&](int seq, const std::string& all) {
    return "{\"seq\":" + std::to_string(seq) + R"(,"ts":1,"meter":"m","values":{)" + all + "}}";
  };
  CHECK(parse_batch(batch(record(1, values) + "," + record(2, values))).has_value());
  CHECK_FALSE(parse_batch(batch(record(1, values) + "," + record(2, values) + "," + record(3, "\"x\":1")))
                  .has_value());
}

TEST_CASE("nesting without end is an error, not a crash") {
  CHECK_FALSE(parse_batch(std::string(100'000, '[')).has_value());
  CHECK_FALSE(parse_batch(batch(std::string(100, '[') + std::string(100, ']'))).has_value());
}

TEST_CASE("property: what is written is read back, to the last digit") {
  std::mt19937_64 random(20260301);
  const std::vector<meter::Type> types{meter::Type::s16,    meter::Type::u32, meter::Type::s64,
                                       meter::Type::u64,    meter::Type::f32, meter::Type::f64,
                                       meter::Type::mod10k4};
  for (int round = 0; round < 300; ++round) {
    meter::LayoutMeter one{"m-1", "b", 1, "p", "electricity", milliseconds(1000), {}};
    meter::Sample sample;
    const auto points = 1 + random() % 20;
    for (std::size_t i = 0; i < points; ++i) {
      auto point = make_point("p" + std::to_string(i), types[random() % types.size()], meter::Unit::none,
                              {Int128(1 + random() % 1000), -static_cast<int>(random() % 6)});
      // Scales that take a value past the 30 digits a reader must know are not a meter's.
      if (point.type == meter::Type::f64) point.scale = {1, 0};
      one.points.push_back(point);
      for (int word = 0; word < point.registers; ++word)
        sample.words.push_back(static_cast<std::uint16_t>(random()));
    }
    sample.quality.assign(points, meter::Quality::good);
    if (points > 1) sample.quality[random() % points] = meter::exception_quality(2);
    sample.layout = std::make_shared<const meter::Layout>(std::vector<meter::LayoutMeter>{one});
    sample.slot = sample.stamp = after_midnight(std::chrono::microseconds(random() % 1'000'000'000'000));
    contract::BatchWriter writer("edge-1", "plant", {});
    REQUIRE(writer.add(stored(1 + random() % 1000, sample)));

    const auto parsed = parse_batch(writer.finish(midnight));
    REQUIRE(parsed.has_value());
    REQUIRE(parsed->refused.empty());
    const auto& read = std::get<ParsedSample>(parsed->records.at(0).content);
    std::vector<meter::Reading> readings;
    meter::decode(sample, readings);
    std::vector<std::pair<std::string, Decimal>> expected;
    for (const auto& reading : readings) {
      const bool given =
          reading.quality == meter::Quality::good || reading.quality == meter::Quality::implausible;
      if (given) expected.emplace_back(reading.point->name, reading.value);
    }
    CHECK(read.values == expected);
    CHECK(known.wall(sample.stamp) - WallTime(milliseconds(read.ts)) < milliseconds(1));
  }
}

TEST_CASE("property: no cut or damaged batch does harm, and every cut one is an error") {
  const auto whole = contents(samples() / "batch-commit.json");
  REQUIRE(parse_batch(whole).has_value());
  for (std::size_t length = 0; length < whole.size(); ++length) {
    if (parse_batch(std::string_view(whole).substr(0, length)).has_value())
      FAIL("cut to " << length << " bytes");
  }
  std::mt19937 random(7);
  const std::string_view nasty = "\"\\{}[],:0-9eE.\x01\xFF nu";
  for (int round = 0; round < 20'000; ++round) {
    auto damaged = whole;
    for (auto left = 1 + random() % 3; left > 0; --left) {
      const auto at = random() % damaged.size();
      if (random() % 4 == 0) {
        damaged.erase(at, 1 + random() % 9);
      } else {
        damaged[at] = nasty[random() % nasty.size()];
      }
    }
    const auto parsed = parse_batch(damaged);
    if (parsed.has_error() && parsed.error().message.empty()) FAIL("an error without a text: " << damaged);
    if (parsed.has_value() && parsed->records.size() + parsed->refused.size() > 9)
      FAIL("records from nowhere");
  }
}

TEST_CASE("a name that no index holds is refused") {
  const std::string long_name(201, 'x');
  CHECK(reason(R"({"seq":1,"ts":5,"meter":")" + long_name + R"(","values":{}})").find("201 bytes") !=
        std::string::npos);
  CHECK(reason(R"({"seq":1,"ts":5,"meter":"m","values":{")" + long_name + R"(":1}})").find("201 bytes") !=
        std::string::npos);
  CHECK(reason(R"({"seq":1,"ts":5,"meter":"m","values":{},"q":{"a\u0000":"crc"}})").find("zero character") !=
        std::string::npos);
  CHECK(reason(R"({"seq":1,"ts":5,"meter":")" + std::string(200, 'x') + R"(","values":{}})").empty());
}
