// What the centre takes from up/meta: the meters of a layout, whole or not at all.
#include "agent/contract/meta_reader.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/golden.hpp"

using namespace congto;
using contract::parse_meta;

namespace {

std::string meta(const std::string& meters, const std::string& points) {
  return R"({"v":1,"agent":"edge-1","site":"plant","id":"x","meters":[)" + meters + R"(],"points":{)" +
         points + "}}";
}
const std::string meter =
    R"({"name":"m-1","bus":"line-1","unit_id":1,"profile":"p","medium":"water","every":1000,"points":"p"})";
const std::string points =
    R"("p":{"volume_total":{"unit":"m3","kind":"counter","rollover":1000000,"verify":true}})";

std::string reason(const std::string& text) {
  const auto parsed = parse_meta(text);
  return parsed ? "" : parsed.error().message;
}

}  // namespace

TEST_CASE("the golden meta is read with its meters and their points") {
  const auto parsed = parse_meta(test::contents(test::samples() / "meta.json"));
  REQUIRE(parsed.has_value());
  REQUIRE(parsed->meters.size() == 2);
  CHECK(parsed->meters[0].name == "compressor-1");
  CHECK(parsed->meters[0].every == 10'000);
  CHECK(parsed->meters[0].points.size() == 3);
  CHECK(parsed->meters[1].medium == "water");
  CHECK(parsed->meters[1].points[0].verify);
}

TEST_CASE("two meters may share a table of points") {
  std::string second = meter;
  second.replace(second.find("m-1"), 3, "m-2");
  const auto parsed = parse_meta(meta(meter + "," + second, points));
  REQUIRE(parsed.has_value());
  CHECK(parsed->meters[1].points.size() == 1);
  CHECK(parsed->meters[1].points[0].rollover == Decimal(1, 6));
}

TEST_CASE("a layout that is wrong somewhere is refused whole, with the place") {
  const auto with = [](const std::string& from, const std::string& to) {
    auto text = meta(meter, points);
    text.replace(text.find(from), from.size(), to);
    return reason(text);
  };
  CHECK(reason(meta(meter, points)) == "");
  CHECK(with("\"every\":1000", "\"every\":0").find("meters[0]: field \"every\"") != std::string::npos);
  CHECK(with("\"points\":\"p\"", "\"points\":\"q\"").find("there are no points \"q\"") != std::string::npos);
  CHECK(with("\"rollover\":1000000", "\"rollover\":-1").find("rollover") != std::string::npos);
  CHECK(with("\"kind\":\"counter\"", "\"kind\":7").find("point \"volume_total\"") != std::string::npos);
  CHECK(with("\"name\":\"m-1\"", "\"name\":\"\"").find("\"name\" is empty") != std::string::npos);
  CHECK(with("\"name\":\"m-1\"", "\"name\":\"" + std::string(201, 'x') + "\"").find("201 bytes") !=
        std::string::npos);
  CHECK(with("\"bus\":\"line-1\",", "").find("\"bus\" is missing") != std::string::npos);
  CHECK(reason(meta(meter + "," + meter, points)).find("\"m-1\" stands twice") != std::string::npos);
}
