// One poll against a scripted unit: what is asked, in which order, and what the sample says afterwards.
#include "drivers/meter/poll_run.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/support/points.hpp"

using namespace congto::meter;
using congto::BootTime;
using congto::modbus::Exchanged;
using congto::modbus::Failure;
using congto::modbus::FailureKind;
using congto::modbus::Reply;
using congto::modbus::Request;
using congto::test::make_point;
using std::chrono::milliseconds;

namespace {

const WireCost line{std::chrono::nanoseconds(1'041'667), std::chrono::nanoseconds(8'645'834), 8, 5};

Failure exception(std::uint8_t code) { return {FailureKind::exception, code, "scripted"}; }
Failure failure(FailureKind kind) { return {kind, 0, "scripted"}; }

// A device whose register N holds N + 1; some registers it does not have.
struct Device {
  std::set<std::uint16_t> missing;
  std::function<std::optional<Failure>(const Request&)> fault = [](const Request&) { return std::nullopt; };
  std::vector<Request> asked;
  BootTime now{std::chrono::seconds(100)};

  Exchanged<Reply> answer(const Request& request) {
    asked.push_back(request);
    now += milliseconds(50);
    if (const auto scripted = fault(request)) return *scripted;
    Reply reply;
    for (std::uint32_t at = request.at; at < std::uint32_t{request.at} + request.count; ++at) {
      if (missing.count(static_cast<std::uint16_t>(at)) != 0) return exception(2);
      reply.words.push_back(static_cast<std::uint16_t>(at + 1));
    }
    reply.last_byte = now;
    return reply;
  }

  // "3:0+10" of every request since the last call.
  std::string requests() {
    std::string text;
    for (const auto& request : asked) {
      if (!text.empty()) text += ' ';
      text += std::to_string(request.at) + '+' + std::to_string(request.count);
    }
    asked.clear();
    return text;
  }
};

PollRun::Outcome poll(MeterPlan& plan, Device& device) {
  PollRun run(plan, 7, device.now);
  while (const auto request = run.next()) {
    CHECK(request->unit == 7);
    run.take(device.answer(*request));
  }
  return run.finish();
}

std::vector<Point> floats(std::uint16_t count) {
  std::vector<Point> points;
  for (std::uint16_t i = 0; i < count; ++i) {
    points.push_back(make_point("p" + std::to_string(i), static_cast<std::uint16_t>(2 * i), Type::f32));
  }
  return points;
}

MeterPlan plan_of(const std::vector<Point>& points, std::uint16_t max_registers = 50,
                  std::uint16_t max_gap = 0) {
  return {points, ReadLimits{max_registers, max_gap, 1, false}, line};
}

// "good good exception-2"
std::string qualities(const PollRun::Outcome& outcome) {
  std::string words;
  for (const auto quality : outcome.quality) {
    if (!words.empty()) words += ' ';
    words += text(quality);
  }
  return words;
}

}  // namespace

TEST_CASE("a poll asks the plan's reads and brings the points' words in their order") {
  std::vector<Point> points = {make_point("b", 10, Type::u16), make_point("a", 0, Type::u32)};
  MeterPlan plan = plan_of(points);
  Device device;
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+2 10+1");
  CHECK(outcome.words == std::vector<std::uint16_t>{11, 1, 2});
  CHECK(qualities(outcome) == "good good");
  CHECK(outcome.answered);
  CHECK_FALSE(outcome.failure);
  CHECK(outcome.last_byte == device.now);
}

TEST_CASE("value, scale register and fraction are put behind each other, from whichever reads they came") {
  Point point = make_point("p", 100, Type::u32);
  point.scale_at = 3208;
  point.plus = Plus{103, Type::f32};
  MeterPlan plan = plan_of({point, make_point("last", 3209, Type::u16)});
  Device device;
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "100+5 3208+2");
  CHECK(outcome.words == std::vector<std::uint16_t>{101, 102, 3209, 104, 105, 3210});
}

TEST_CASE("a point of a block that the unit refuses is found, the others are read in the same poll") {
  const auto points = floats(8);
  MeterPlan plan = plan_of(points);
  Device device;
  device.missing = {10, 11};
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+16 0+8 8+8 8+4 12+4 8+2 10+2");
  CHECK(qualities(outcome) == "good good good good good exception-2 good good");
  CHECK(outcome.words[8] == 9);
  CHECK(outcome.words[10] == 0);
  CHECK(outcome.words[12] == 13);
  CHECK(plan.refused() == std::vector<std::uint8_t>{0, 0, 0, 0, 0, 2, 0, 0});
  CHECK_FALSE(outcome.failure);
}

TEST_CASE("what was refused is not asked again until reset") {
  MeterPlan plan = plan_of(floats(8));
  Device device;
  device.missing = {10, 11};
  poll(plan, device);
  device.requests();
  auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+10 12+4");
  CHECK(qualities(outcome) == "good good good good good unsupported good good");
  plan.reset();
  device.missing.clear();
  outcome = poll(plan, device);
  CHECK(device.requests() == "0+16");
  CHECK(qualities(outcome) == "good good good good good good good good");
}

TEST_CASE("a point that was given before is not left out for a refusal in passing, but for one that lasts") {
  Device device;
  MeterPlan plan = plan_of(floats(3));
  poll(plan, device);
  device.missing = {2, 3};
  CHECK(poll(plan, device).quality[1] == exception_quality(2));
  device.missing.clear();
  CHECK(poll(plan, device).quality[1] == Quality::good);
  device.missing = {2, 3};
  const BootTime gone = device.now;
  while (device.now - gone < std::chrono::minutes(5)) {
    CHECK(poll(plan, device).quality[1] == exception_quality(2));
    device.now += std::chrono::seconds(10);
  }
  poll(plan, device);
  CHECK(poll(plan, device).quality[1] == Quality::unsupported);
}

TEST_CASE("a unit that refuses everything is asked everything again, for it may be starting up") {
  MeterPlan plan = plan_of(floats(4));
  Device device;
  device.fault = [](const Request&) { return exception(2); };
  auto outcome = poll(plan, device);
  CHECK(qualities(outcome) == "exception-2 exception-2 exception-2 exception-2");
  CHECK(outcome.answered);
  CHECK(plan.refused() == std::vector<std::uint8_t>(4, 0));
  device.fault = [](const Request&) { return std::nullopt; };
  device.requests();
  outcome = poll(plan, device);
  CHECK(device.requests() == "0+8");
  CHECK(qualities(outcome) == "good good good good");
}

TEST_CASE("a unit that refuses everything has failed, and its blocks are asked whole and once from then on") {
  MeterPlan plan = plan_of(floats(8), 8);
  Device device;
  bool starting = true;
  device.missing = {2};
  device.fault = [&](const Request&) { return starting ? std::optional(exception(2)) : std::nullopt; };
  const auto outcome = poll(plan, device);
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->exception == 2);
  device.requests();
  for (int i = 0; i < 3; ++i) {
    CHECK(poll(plan, device).failure);
    CHECK(device.requests() == "0+8 8+8");
  }
  starting = false;
  CHECK_FALSE(poll(plan, device).failure);
  CHECK(qualities(poll(plan, device)) == "good exception-2 good good good good good good");
}

TEST_CASE("a unit that refused everything and lacks a point of its only block is found again") {
  MeterPlan plan = plan_of(floats(8));
  Device device;
  bool starting = true;
  device.missing = {2};
  device.fault = [&](const Request&) { return starting ? std::optional(exception(2)) : std::nullopt; };
  poll(plan, device);
  starting = false;
  int polls = 0;
  while (poll(plan, device).failure) REQUIRE(++polls < 10);
}

TEST_CASE("a unit that gives one register a request is read without loss and without new splitting") {
  std::vector<Point> points;
  for (std::uint16_t i = 0; i < 50; ++i) points.push_back(make_point("p" + std::to_string(i), i, Type::u16));
  MeterPlan plan = plan_of(points);
  Device device;
  device.fault = [](const Request& request) {
    return request.count > 1 ? std::optional(exception(3)) : std::nullopt;
  };
  for (int i = 0; i < 2; ++i) poll(plan, device);
  for (int i = 0; i < 4; ++i) {
    device.asked.clear();
    CHECK(poll(plan, device).quality == std::vector<Quality>(50, Quality::good));
    CHECK(device.asked.size() == 50);
  }
}

TEST_CASE("the longest read that a unit gives is learned from what it refuses, until reset") {
  MeterPlan plan = plan_of(floats(25));
  Device device;
  device.fault = [](const Request& request) {
    return request.count > 30 ? std::optional(exception(3)) : std::nullopt;
  };
  CHECK_FALSE(poll(plan, device).failure);
  device.requests();
  poll(plan, device);
  CHECK(device.requests() == "0+26 26+24");
  plan.reset();
  device.fault = [](const Request&) { return std::nullopt; };
  poll(plan, device);
  CHECK(device.requests() == "0+50");
}

TEST_CASE("where a unit's tables meet is learned without shortening the other reads") {
  std::vector<Point> points = floats(20);
  for (std::uint16_t i = 0; i < 20; ++i) {
    points.push_back(make_point("q" + std::to_string(i), static_cast<std::uint16_t>(100 + 2 * i), Type::f32));
  }
  MeterPlan plan = plan_of(points);
  Device device;
  device.fault = [](const Request& request) {
    return request.at < 10 && request.at + request.count > 10 ? std::optional(exception(2)) : std::nullopt;
  };
  CHECK(poll(plan, device).quality == std::vector<Quality>(40, Quality::good));
  device.requests();
  poll(plan, device);
  CHECK(device.requests() == "0+10 10+30 100+40");
}

TEST_CASE("a refused scale register is no reason to refuse the registers around it") {
  auto points = floats(2);
  points[0].scale_at = 4;
  points[1].scale_at = 5;
  MeterPlan plan = plan_of(points);
  Device device;
  device.missing = {4};
  const auto outcome = poll(plan, device);
  CHECK(qualities(outcome) == "exception-2 good");
  CHECK(outcome.words == std::vector<std::uint16_t>{0, 0, 0, 3, 4, 6});
  CHECK(plan.refused() == std::vector<std::uint8_t>{2, 0});
}

TEST_CASE("a unit that refuses to be read across a gap is asked without gaps from then on") {
  const std::vector<Point> points = {make_point("a", 0, Type::u32), make_point("b", 4, Type::u32)};
  MeterPlan plan = plan_of(points, 50, 4);
  Device device;
  device.missing = {2, 3};
  auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+6 0+2 4+2");
  CHECK(qualities(outcome) == "good good");
  CHECK(plan.refused() == std::vector<std::uint8_t>{0, 0});
  CHECK(plan.limits().max_gap == 0);
  poll(plan, device);
  CHECK(device.requests() == "0+2 4+2");
  plan.reset();
  device.missing.clear();
  poll(plan, device);
  CHECK(device.requests() == "0+6");
}

TEST_CASE("a gap is not blamed for a point that was refused") {
  const std::vector<Point> points = {make_point("a", 0, Type::u32), make_point("b", 4, Type::u32),
                                     make_point("c", 6, Type::u32)};
  MeterPlan plan = plan_of(points, 50, 4);
  Device device;
  device.missing = {6, 7};
  poll(plan, device);
  CHECK(plan.refused() == std::vector<std::uint8_t>{0, 0, 2});
  CHECK(plan.limits().max_gap == 4);
}

TEST_CASE("looking for refused points costs one poll a bounded number of requests, and goes on in the next") {
  MeterPlan plan = plan_of(floats(200), 100);
  Device device;
  for (std::uint16_t i = 1; i < 200; i = static_cast<std::uint16_t>(i + 2)) {
    device.missing.insert(static_cast<std::uint16_t>(2 * i));
  }
  CHECK(plan.probes() == 64);
  std::size_t polls = 0;
  for (; polls < 10; ++polls) {
    const std::size_t probes = plan.probes();
    poll(plan, device);
    CHECK(device.asked.size() <= plan.reads().reads.size() + probes);
    device.asked.clear();
    if (std::count(plan.refused().begin(), plan.refused().end(), 2) == 100) break;
  }
  CHECK(polls < 5);
  CHECK(qualities(poll(plan, device)).find("exception") == std::string::npos);
}

TEST_CASE("every single point that a unit has is read, whatever it lacks") {
  std::mt19937 random(1);
  for (int i = 0; i < 200; ++i) {
    std::vector<Point> points = floats(24);
    for (std::size_t p = 0; p < points.size(); p += 5)
      points[p].scale_at = static_cast<std::uint16_t>(60 + p % 3);
    MeterPlan plan = plan_of(points, static_cast<std::uint16_t>(4 + random() % 40), random() % 4);
    Device device;
    device.missing = {0, 1};
    for (int m = 0; m < 3; ++m) device.missing.insert(static_cast<std::uint16_t>(random() % 64));
    const auto outcome = poll(plan, device);
    std::size_t word = 0;
    for (std::size_t p = 0; p < points.size(); ++p) {
      const bool lacks = device.missing.count(points[p].at) +
                             device.missing.count(static_cast<std::uint16_t>(points[p].at + 1)) +
                             (points[p].scale_at ? device.missing.count(*points[p].scale_at) : 0) >
                         0;
      REQUIRE(text(outcome.quality[p]) == (lacks ? "exception-2" : "good"));
      if (!lacks) REQUIRE(outcome.words[word] == points[p].at + 1);
      word += points[p].raw_words();
    }
    REQUIRE(word == outcome.words.size());
  }
}

TEST_CASE("one read that stays unanswered is passed over when the unit answered another") {
  const auto kind = GENERATE(FailureKind::timeout, FailureKind::exception);
  MeterPlan plan = plan_of(floats(6), 4);
  Device device;
  device.fault = [&](const Request& request) {
    const Failure silent{kind, 4, "scripted"};
    return request.at == 4 ? std::optional(silent) : std::nullopt;
  };
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+4 4+4 8+4");
  const std::string word = kind == FailureKind::timeout ? "timeout" : "exception-4";
  CHECK(qualities(outcome) == "good good " + word + ' ' + word + " good good");
  CHECK_FALSE(outcome.failure);
}

TEST_CASE("a second read without answer ends the poll; what was read before stays") {
  MeterPlan plan = plan_of(floats(8), 4);
  Device device;
  device.fault = [&](const Request& request) {
    return request.at >= 4 ? std::optional(failure(FailureKind::timeout)) : std::nullopt;
  };
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+4 4+4 8+4");
  CHECK(qualities(outcome) == "good good timeout timeout timeout timeout timeout timeout");
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->kind == FailureKind::timeout);
  CHECK(outcome.answered);
  CHECK(outcome.last_byte == BootTime(std::chrono::seconds(100)) + milliseconds(50));
}

TEST_CASE("a read that stays unanswered in three polls in a row has a pause of its own, growing to a day") {
  MeterPlan plan = plan_of(floats(6), 4);
  Device device;
  bool silent = true;
  device.fault = [&](const Request& request) {
    return silent && request.at == 4 ? std::optional(failure(FailureKind::timeout)) : std::nullopt;
  };
  for (int i = 0; i < 3; ++i) poll(plan, device);
  CHECK(device.requests() == "0+4 4+4 8+4 0+4 4+4 8+4 0+4 4+4 8+4");
  CHECK(qualities(poll(plan, device)) == "good good timeout timeout good good");
  CHECK(device.requests() == "0+4 8+4");
  device.now += std::chrono::minutes(1);
  poll(plan, device);
  CHECK(device.requests() == "0+4 4+4 8+4");
  device.now += std::chrono::minutes(1);  // the pause is 2 min now
  poll(plan, device);
  CHECK(device.requests() == "0+4 8+4");
  for (int i = 0; i < 20; ++i) {
    device.now += std::chrono::hours(25);
    poll(plan, device);
  }
  CHECK(device.requests().find("4+4") != std::string::npos);
  device.now += std::chrono::hours(23);
  poll(plan, device);
  CHECK(device.requests() == "0+4 8+4");
  device.now += std::chrono::hours(1);
  silent = false;
  CHECK(qualities(poll(plan, device)) == "good good good good good good");
  device.requests();
  poll(plan, device);
  CHECK(device.requests() == "0+4 4+4 8+4");
}

TEST_CASE("a read that was answered in between is not paused, and may take all the time of its profile") {
  MeterPlan plan = plan_of(floats(4), 4);
  Device device;
  bool silent = true;
  device.fault = [&](const Request& request) {
    return silent && request.at == 4 ? std::optional(failure(FailureKind::timeout)) : std::nullopt;
  };
  for (int i = 0; i < 10; ++i) {
    silent = i % 3 != 2;
    poll(plan, device);
  }
  CHECK(device.requests().size() == 10 * std::string("0+4 4+4 ").size() - 1);
  PollRun run(plan, 7, device.now);
  REQUIRE(run.next());
  CHECK_FALSE(run.unanswered_before());
  run.take(device.answer(*run.next()));
  REQUIRE(run.next());
  CHECK(run.unanswered_before());
}

TEST_CASE("a unit that is silent to the first read is found alive by another one") {
  MeterPlan plan = plan_of(floats(6), 4);
  Device device;
  device.fault = [&](const Request& request) {
    return request.at == 0 ? std::optional(failure(FailureKind::timeout)) : std::nullopt;
  };
  CHECK(poll(plan, device).failure);
  CHECK(device.requests() == "0+4");
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "4+4 8+4 0+4");
  CHECK_FALSE(outcome.failure);
  CHECK(qualities(outcome) == "timeout timeout good good good good");
}

TEST_CASE("a silent unit is asked once") {
  MeterPlan plan = plan_of(floats(6), 4);
  Device device;
  device.fault = [](const Request&) { return failure(FailureKind::timeout); };
  const auto outcome = poll(plan, device);
  CHECK(device.asked.size() == 1);
  CHECK(qualities(outcome) == "timeout timeout timeout timeout timeout timeout");
  CHECK_FALSE(outcome.answered);
  CHECK(outcome.last_byte == BootTime{});
}

TEST_CASE("a damaged or wrong reply is asked for once more, then the poll ends") {
  const auto kind = GENERATE(FailureKind::crc, FailureKind::bad_reply);
  MeterPlan plan = plan_of(floats(4), 4);
  Device device;
  int damaged = GENERATE(1, 2);
  const bool recovers = damaged == 1;
  device.fault = [&](const Request&) { return damaged-- > 0 ? std::optional(failure(kind)) : std::nullopt; };
  const auto outcome = poll(plan, device);
  if (recovers) {
    CHECK(device.requests() == "0+4 0+4 4+4");
    CHECK(qualities(outcome) == "good good good good");
  } else {
    CHECK(device.requests() == "0+4 0+4");
    const std::string word = kind == FailureKind::crc ? "crc" : "bad-reply";
    CHECK(qualities(outcome) == word + ' ' + word + ' ' + word + ' ' + word);
    CHECK(outcome.failure->kind == kind);
    CHECK_FALSE(outcome.answered);
  }
}

TEST_CASE("a busy unit is asked twice more after a pause; then the poll ends") {
  const std::uint8_t code = GENERATE(std::uint8_t{5}, std::uint8_t{6});
  MeterPlan plan = plan_of(floats(4), 4);
  Device device;
  device.fault = [&](const Request& request) {
    return request.at == 0 ? std::optional(exception(code)) : std::nullopt;
  };
  PollRun run(plan, 7);
  std::vector<milliseconds> pauses;
  while (const auto request = run.next()) {
    pauses.push_back(run.pause_before_next());
    run.take(device.answer(*request));
  }
  const auto outcome = run.finish();
  CHECK(device.requests() == "0+4 0+4 0+4");
  CHECK(pauses == std::vector<milliseconds>{milliseconds(0), milliseconds(500), milliseconds(500)});
  CHECK(outcome.quality == std::vector<Quality>(4, exception_quality(code)));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->exception == code);
  CHECK(plan.refused() == std::vector<std::uint8_t>(4, 0));
}

TEST_CASE("exceptions 4, 8, 10 and 11 end the poll at once") {
  const std::uint8_t code = GENERATE(std::uint8_t{4}, std::uint8_t{8}, std::uint8_t{10}, std::uint8_t{11});
  MeterPlan plan = plan_of(floats(4), 4);
  Device device;
  device.fault = [&](const Request&) { return exception(code); };
  const auto outcome = poll(plan, device);
  CHECK(device.asked.size() == 1);
  CHECK(outcome.quality == std::vector<Quality>(4, exception_quality(code)));
  REQUIRE(outcome.failure);
  CHECK(outcome.failure->exception == code);
  // 10 and 11 are the gateway's words, not the unit's.
  CHECK(outcome.answered == (code < 10));
}

TEST_CASE("without a link every point says so") {
  MeterPlan plan = plan_of(floats(2));
  Device device;
  device.fault = [](const Request&) { return failure(FailureKind::no_link); };
  const auto outcome = poll(plan, device);
  CHECK(qualities(outcome) == "no-link no-link");
  CHECK_FALSE(outcome.answered);
}

TEST_CASE("a failure while looking for refused points keeps what was found") {
  MeterPlan plan = plan_of(floats(4));
  Device device;
  device.missing = {0};
  device.fault = [&](const Request& request) {
    return request.at == 2 ? std::optional(failure(FailureKind::timeout)) : std::nullopt;
  };
  const auto outcome = poll(plan, device);
  CHECK(device.requests() == "0+8 0+4 4+4 0+2 2+2");
  CHECK(qualities(outcome) == "exception-2 timeout good good");
  CHECK(plan.refused() == std::vector<std::uint8_t>{2, 0, 0, 0});
}

TEST_CASE("a point whose scale register was not read has no value") {
  std::vector<Point> points = floats(1);
  points[0].scale_at = 500;
  MeterPlan plan = plan_of(points);
  Device device;
  device.fault = [&](const Request& request) {
    return request.at == 500 ? std::optional(failure(FailureKind::timeout)) : std::nullopt;
  };
  const auto outcome = poll(plan, device);
  CHECK(qualities(outcome) == "timeout");
  CHECK(outcome.words == std::vector<std::uint16_t>{0, 0, 0});
  CHECK(outcome.failure);  // though the unit answered: the poll brought nothing
}

TEST_CASE("a reply of another length than was asked for counts as a wrong reply") {
  MeterPlan plan = plan_of(floats(2));
  PollRun run(plan, 7);
  Reply reply;
  reply.words = {1, 2, 3};
  while (run.next()) run.take(reply);
  const auto outcome = run.finish();
  CHECK(qualities(outcome) == "bad-reply bad-reply");
}

TEST_CASE("a meter of which nothing is wanted is polled with no request") {
  MeterPlan plan = plan_of({});
  PollRun run(plan, 7);
  CHECK_FALSE(run.next());
  CHECK(run.finish().words.empty());
}

TEST_CASE("outcomes without a request and an early finish are mistakes of the caller") {
  MeterPlan plan = plan_of(floats(1));
  PollRun run(plan, 7);
  CHECK_THROWS_AS(run.finish(), std::logic_error);
  Device device;
  run.take(device.answer(*run.next()));
  CHECK_THROWS_AS(run.take(Reply{}), std::logic_error);
}
