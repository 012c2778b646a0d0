// The same content has one hash however it is written; another content has another.
#include "agent/central/content_hash.hpp"

#include <string>

#include "tests/support/catch.hpp"

using namespace congto;
using namespace congto::central;

namespace {

std::int64_t hash_of(const std::string& record, const std::string& layout = "m") {
  const std::string text =
      R"({"v":1,"agent":"edge-1","site":"plant","epoch":"00112233445566778899aabbccddeeff",)"
      R"("sent":1772323220000,"meta":"m","records":[)" +
      record + "]}";
  const auto batch = contract::parse_batch(text);
  REQUIRE(batch.has_value());
  REQUIRE(batch->records.size() == 1);
  return content_hash(batch->records[0], layout);
}

const std::string sample =
    R"({"seq":7,"ts":1772323220000,"meter":"m-1","values":{"a":1.5,"b":2},"q":{"c":"timeout"}})";

}  // namespace

TEST_CASE("the order of fields and the form of numbers do not change a content") {
  CHECK(
      hash_of(sample) ==
      hash_of(
          R"({"q":{"c":"timeout"},"values":{"b":2.0,"a":15e-1},"meter":"m-1","ts":1772323220000.0,"seq":7})"));
  CHECK(hash_of(R"({"seq":9,"event":"door","open":[1,{"x":1.50,"y":null}]})") ==
        hash_of(R"({"event":"door", "open":[1.0, {"y":null, "x":1.5}], "seq":9})"));
}

TEST_CASE("anything that a sample says changes its content") {
  for (
      const char* const other :
      {R"({"seq":7,"ts":1772323220001,"meter":"m-1","values":{"a":1.5,"b":2},"q":{"c":"timeout"}})",
       R"({"seq":7,"ts":1772323220000,"meter":"m-2","values":{"a":1.5,"b":2},"q":{"c":"timeout"}})",
       R"({"seq":7,"ts":1772323220000,"meter":"m-1","values":{"a":1.5,"b":2.1},"q":{"c":"timeout"}})",
       R"({"seq":7,"ts":1772323220000,"meter":"m-1","values":{"a":1.5},"q":{"c":"timeout"}})",
       R"({"seq":7,"ts":1772323220000,"meter":"m-1","values":{"a":1.5,"b":2},"q":{"c":"crc"}})",
       R"({"seq":7,"ts":1772323220000,"meter":"m-1","values":{"a":1.5,"b":2}})",
       R"({"seq":7,"ts":1772323220000,"slot":1772323210000,"meter":"m-1","values":{"a":1.5,"b":2},"q":{"c":"timeout"}})",
       R"({"seq":7,"ts":1772323220000,"took":1500,"meter":"m-1","values":{"a":1.5,"b":2},"q":{"c":"timeout"}})",
       R"({"seq":7,"ts":1772323220000,"meter":"m-1","values":{"a":1.5,"b":2},"q":{"c":"timeout"},"clock":"estimated","clock_error":5})"}) {
    INFO(other);
    CHECK(hash_of(other) != hash_of(sample));
  }
  CHECK(hash_of(sample, "another layout") != hash_of(sample));
}

TEST_CASE("texts that run together differ") {
  CHECK(hash_of(R"({"seq":9,"event":"x","a":"b","c":"d"})") !=
        hash_of(R"({"seq":9,"event":"x","a":"bc","":"d"})"));
  CHECK(hash_of(R"({"seq":9,"event":"x","a":[1,2]})") != hash_of(R"({"seq":9,"event":"x","a":[12]})"));
}

TEST_CASE("an event's content does not depend on the layout of its batch") {
  const std::string event = R"({"seq":9,"event":"door"})";
  CHECK(hash_of(event, "m") == hash_of(event, ""));
}
