// Acks, requests, online, topics and names: what is taken, what is refused, and both ways.
#include "agent/contract/messages.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/contract_plant.hpp"

using namespace congto;
using namespace congto::test;
using contract::parse_ack;
using contract::parse_request;
using contract::Topic;

namespace {

std::string ack_of(const std::string& ranges, const std::string& id = epoch.text()) {
  return R"({"v":1,"centre":"c","now":1772323200000,"acks":[{"epoch":")" + id + R"(","ranges":)" + ranges +
         "}]}";
}

std::string error_of(const std::string& text) {
  const auto ack = parse_ack(text);
  return ack.has_error() ? ack.error().message : "";
}

RangeSet every_second(std::uint64_t count) {
  RangeSet set;
  for (std::uint64_t i = 0; i < count; ++i) set.add({1 + 2 * i, 1 + 2 * i});
  return set;
}

}  // namespace

TEST_CASE("topics are written and taken apart") {
  CHECK(contract::topic("edge-1", Topic::backfill) == "congto/v1/edge-1/up/backfill");
  for (const auto what : {Topic::data, Topic::backfill, Topic::online, Topic::status, Topic::meta, Topic::ack,
                          Topic::request}) {
    const auto parsed = contract::parse_topic(contract::topic("edge-1", what));
    REQUIRE(parsed.has_value());
    CHECK(parsed->agent == "edge-1");
    CHECK(parsed->what == what);
  }
  for (const auto* const other :
       {"", "congto/v1/edge-1", "congto/v2/edge-1/up/data", "congto/v1/up/data", "congto/v1/e/f/g/up/data",
        "congto/v1/Edge/up/data", "congto/v1/edge-1/down/data"}) {
    INFO(other);
    CHECK_FALSE(contract::parse_topic(other).has_value());
  }
}

TEST_CASE("an agent name is 3 to 64 of a-z, 0-9 and -") {
  CHECK(contract::valid_agent_name("abc"));
  CHECK(contract::valid_agent_name(std::string(64, 'z')));
  for (const std::string name : {"", "ab", "Abc", "a_c", "a/c", "a c", "\xC3\xA1oo"}) {
    CHECK_FALSE(contract::valid_agent_name(name));
  }
  CHECK_FALSE(contract::valid_agent_name(std::string(65, 'z')));
}

TEST_CASE("an ack is read as it was written") {
  const contract::Ack ack{"centre \"1\"", midnight, {{epoch, {{1, 480}, {500, 510}}}, {earlier_epoch, {}}}};
  const auto read = parse_ack(write(ack));
  REQUIRE(read.has_value());
  CHECK(read->centre == ack.centre);
  CHECK(read->now == ack.now);
  REQUIRE(read->acks.size() == 2);
  CHECK(read->acks[0].epoch == epoch);
  CHECK(read->acks[0].ranges == ack.acks[0].ranges);
  CHECK(read->acks[1].ranges.empty());
}

TEST_CASE("unknown fields of an ack are ignored, and ranges come in any order") {
  const auto read = parse_ack(R"({"later":1,"v":1,"centre":"c","now":1,"acks":[{"x":[],"epoch":")" +
                              epoch.text() + R"(","ranges":[[7,9],[1,3],[2,4]]}]})");
  REQUIRE(read.has_value());
  CHECK(read->acks[0].ranges == RangeSet{{1, 4}, {7, 9}});
}

TEST_CASE("an ack with a wrong part settles nothing") {
  CHECK(error_of(ack_of("[[1,9007199254740991]]")).empty());
  CHECK(error_of(ack_of("[[1,9007199254740992]]")).find("not a range") != std::string::npos);
  CHECK(error_of(ack_of("[[5,4]]")).find("[5,4] is not a range") != std::string::npos);
  CHECK_FALSE(error_of(ack_of("[[-1,4]]")).empty());
  CHECK_FALSE(error_of(ack_of("[[0,4]]")).empty());
  CHECK_FALSE(error_of(ack_of("[[1.5,4]]")).empty());
  CHECK_FALSE(error_of(ack_of("[[1]]")).empty());
  CHECK_FALSE(error_of(ack_of("[1,4]")).empty());
  CHECK_FALSE(error_of(ack_of("[[1,\"4\"]]")).empty());
  CHECK_FALSE(error_of(ack_of("7")).empty());
  CHECK(error_of(ack_of("[[1,4]]", "3F2A9C51D07E4B6688AA01C2D3E4F506")).find("acks[0]") != std::string::npos);
  CHECK_FALSE(error_of(R"({"v":1,"centre":"","now":1,"acks":[]})").empty());
  CHECK_FALSE(error_of(R"({"v":1,"centre":"c","now":-1,"acks":[]})").empty());
  CHECK(error_of(R"({"v":2,"centre":"c","acks":[{"form":"new"}]})").find("version 2") != std::string::npos);
  CHECK_FALSE(error_of("").empty());
}

TEST_CASE("at most 64 ranges an epoch: the lowest are written, more are refused") {
  const auto read = parse_ack(write(contract::Ack{"c", midnight, {{epoch, every_second(70)}}}));
  REQUIRE(read.has_value());
  CHECK(read->acks[0].ranges == every_second(64));
  std::string ranges;
  for (int i = 0; i < 65; ++i) ranges += (i == 0 ? "[1,1]" : ",[1,1]");
  CHECK(error_of(ack_of("[" + ranges + "]")).find("65 ranges") != std::string::npos);
}

TEST_CASE("a request is read as it was written") {
  const contract::DataRequest request{{{epoch, {{481, 499}}}, {earlier_epoch, {{1, 1}}}},
                                      {"layout-1", "layout-2"}};
  const auto read = parse_request(write(request));
  REQUIRE(read.has_value());
  REQUIRE(read->requests.size() == 2);
  CHECK(read->requests[0].epoch == epoch);
  CHECK(read->requests[0].ranges == RangeSet{{481, 499}});
  CHECK(read->metas == request.metas);
  CHECK(write(contract::DataRequest{}) == R"({"v":1,"requests":[]})");
}

TEST_CASE("one part of a request may ask for data and meta") {
  const auto read = parse_request(R"({"v":1,"requests":[{"epoch":")" + epoch.text() +
                                  R"(","ranges":[[1,2]],"meta":"layout-1"}]})");
  REQUIRE(read.has_value());
  CHECK(read->requests.size() == 1);
  CHECK(read->metas.size() == 1);
}

TEST_CASE("a request with a wrong part asks for nothing") {
  for (const std::string part :
       {"{}", "7", R"({"epoch":"00"})", R"({"meta":7})", R"({"meta":"m","ranges":[[1,2]]})"}) {
    INFO(part);
    CHECK_FALSE(parse_request(R"({"v":1,"requests":[)" + part + "]}").has_value());
  }
  CHECK_FALSE(parse_request(R"({"v":2,"requests":[]})").has_value());
  CHECK_FALSE(parse_request(R"({"requests":[]})").has_value());
}

TEST_CASE("online is read as it was written") {
  CHECK(contract::parse_online(contract::write_online(true)).value());
  CHECK_FALSE(contract::parse_online(contract::write_online(false)).value());
  CHECK_FALSE(contract::parse_online(R"({"online":"yes"})").has_value());
  CHECK_FALSE(contract::parse_online("{}").has_value());
}

TEST_CASE("an ack or a request of more than 256 entries is refused, and one for more than 20 layouts") {
  const auto entries = [](std::size_t count, const std::string& entry) {
    std::string text;
    for (std::size_t number = 0; number < count; ++number) text += (number == 0 ? "" : ",") + entry;
    return text;
  };
  const std::string ranges = R"({"epoch":")" + epoch.text() + R"(","ranges":[[1,2]]})";
  const auto ack = [&](std::size_t count) {
    return parse_ack(R"({"v":1,"centre":"c","now":1,"acks":[)" + entries(count, ranges) + "]}");
  };
  CHECK(ack(256).has_value());
  REQUIRE_FALSE(ack(257).has_value());
  CHECK(ack(257).error().message.find("at most 256") != std::string::npos);
  const auto request = [&](std::size_t count, const std::string& entry) {
    return parse_request(R"({"v":1,"requests":[)" + entries(count, entry) + "]}");
  };
  CHECK(request(256, ranges).has_value());
  CHECK_FALSE(request(257, ranges).has_value());
  CHECK(request(20, R"({"meta":"m"})").has_value());
  CHECK_FALSE(request(21, R"({"meta":"m"})").has_value());
}
