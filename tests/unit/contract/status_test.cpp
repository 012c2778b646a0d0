// The status: whole where it fits, and cut in the right place where it does not.
#include "agent/contract/status.hpp"

#include <random>

#include "agent/contract/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/contract_plant.hpp"
#include "tests/support/golden.hpp"

using namespace congto;
using namespace congto::test;
using contract::parse_status;
using contract::Status;

namespace {

Status with_meters(std::size_t count) {
  Status status;
  status.agent = "edge-1";
  status.epoch = epoch;
  status.last_seq = 9;
  for (std::size_t i = 0; i < count; ++i) status.meters.push_back({"meter-" + std::to_string(i), "ok", 3, 0});
  return status;
}

}  // namespace

TEST_CASE("a status is read as it was written") {
  const auto text = contents(samples() / "status.json");
  const auto read = parse_status(text);
  REQUIRE(read.has_value());
  CHECK(write(*read) == text);
  CHECK(read->epochs.size() == 2);
  CHECK(read->meters[0].state == "silent");
  CHECK(read->buses[0].load == Approx(0.421));
}

TEST_CASE("a status of very many meters stays below 16 KiB, names the troubled ones and counts the others") {
  auto status = with_meters(1000);
  status.meters[990].state = "silent";
  status.meters[999].state = "refuses the connection";
  const auto text = write(status);
  CHECK(text.size() < contract::max_status_bytes);
  CHECK(text.size() > contract::max_status_bytes - 400);
  const auto read = parse_status(text);
  REQUIRE(read.has_value());
  CHECK(read->meters[0].name == "meter-990");
  CHECK(read->meters[1].name == "meter-999");
  CHECK(read->meters[2].name == "meter-0");
  CHECK(read->meters_left_out > 0);
  CHECK(read->meters.size() + read->meters_left_out == 1000);
}

TEST_CASE("the 20 oldest epochs are listed, the others counted") {
  auto status = with_meters(0);
  for (std::uint64_t i = 1; i <= 25; ++i) status.epochs.push_back({epoch, i, 100});
  status.more = 2;
  const auto read = parse_status(write(status));
  REQUIRE(read.has_value());
  CHECK(read->epochs.size() == 20);
  CHECK(read->epochs.back().first == 20);
  CHECK(read->more == 7);
}

TEST_CASE("long texts are cut between characters") {
  auto status = with_meters(0);
  std::string alarm;
  while (alarm.size() < 5000) alarm += "\xE1\xBA\xA5";  // ấ
  status.alarms = {alarm};
  const auto read = parse_status(write(status));
  REQUIRE(read.has_value());
  CHECK(read->alarms[0].size() <= 200);
  CHECK(read->alarms[0].ends_with("\xE2\x80\xA6"));
  CHECK(read->alarms[0].starts_with("\xE1\xBA\xA5\xE1\xBA\xA5"));
  CHECK(read->alarms[0].find("\xEF\xBF\xBD") == std::string::npos);
}

TEST_CASE("property: no status reaches 16 KiB, and each can be read") {
  std::mt19937 random(16);
  const auto text = [&] {
    return std::string(random() % 400 * (random() % 3), random() % 4 == 0 ? '\x01' : 'x');
  };
  for (int round = 0; round < 300; ++round) {
    Status status = with_meters(random() % 300);
    status.site = text();
    status.clock = text();
    status.version = text();
    status.journal = text();
    status.journal_trouble = text();
    status.ack = text();
    for (auto left = random() % 30; left > 0; --left) status.alarms.push_back(text());
    for (auto left = random() % 60; left > 0; --left) {
      status.buses.push_back(
          {"bus", "s" + text(), 0.5, UINT32_MAX, random(), random(), random(), random(), random()});
    }
    for (auto left = random() % 60; left > 0; --left)
      status.meters.push_back({"m" + text(), "no", 1, random()});
    for (auto left = random() % 40; left > 0; --left)
      status.epochs.push_back({epoch, 1, contract::max_integer});
    const auto written = write(status);
    CHECK(written.size() < contract::max_status_bytes);
    const auto read = parse_status(written);
    INFO((read.has_error() ? read.error().message : ""));
    REQUIRE(read.has_value());
    CHECK(read->alarms.size() + read->alarms_left_out == status.alarms.size());
    CHECK(read->buses.size() + read->buses_left_out == status.buses.size());
    CHECK(read->meters.size() + read->meters_left_out == status.meters.size());
  }
}

TEST_CASE("a share that is no number is written as none") {
  auto status = with_meters(0);
  status.buses = {{"line-1", "ok", std::numeric_limits<double>::quiet_NaN(), 0, 0, 0, 0, 0, 0}};
  CHECK(parse_status(write(status)).value().buses[0].load == 0.0);
  status.buses[0].load = 1.7;
  CHECK(parse_status(write(status)).value().buses[0].load == 1.0);
}

TEST_CASE("a status without its epoch, or with a damaged list, is an error") {
  CHECK_FALSE(parse_status(R"({"v":1,"agent":"edge-1","sent":1,"last":0,"epochs":[],"more":0})").has_value());
  const std::string head =
      R"({"v":1,"agent":"edge-1","sent":1,"epoch":")" + epoch.text() + R"(","last":0,"more":0,)";
  CHECK(parse_status(head + R"("epochs":[]})").has_value());
  CHECK_FALSE(parse_status(head + R"("epochs":[["00",1,2]]})").has_value());
  CHECK_FALSE(parse_status(head + R"("epochs":[[")" + epoch.text() + R"(",3,2]]})").has_value());
  CHECK_FALSE(parse_status(head + R"("epochs":[],"buses":[{"name":"x"}]})").has_value());
  CHECK_FALSE(parse_status(head + R"("epochs":[],"alarms":[7]})").has_value());
}
