// The read plan's promises, by example and against brute force over every way of grouping.
#include "drivers/meter/read_plan.hpp"

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <stdexcept>

#include "tests/support/catch.hpp"
#include "tests/support/points.hpp"

using namespace congto::meter;
using congto::modbus::Function;
using congto::test::make_point;
using congto::test::make_text_point;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

namespace {

// 9600 8N1 with 5 ms turnaround and a silence of 3.5 characters.
const WireCost slow_line{nanoseconds(1'041'667), nanoseconds(8'645'834), 8, 5};

std::vector<Point> registers_at(std::initializer_list<std::uint16_t> addresses, Type type = Type::u16) {
  std::vector<Point> points;
  for (const auto at : addresses) points.push_back(make_point("p" + std::to_string(at), at, type));
  return points;
}

ReadLimits limits(std::uint16_t max_registers, std::uint16_t max_gap, std::uint16_t align = 1,
                  bool single = false) {
  return {max_registers, max_gap, align, single};
}

// "3:0+10 3:20+2": function, address and count of every read.
std::string shape(const ReadPlan& plan) {
  std::string text;
  for (const auto& read : plan.reads) {
    if (!text.empty()) text += ' ';
    text += std::to_string(static_cast<int>(read.function)) + ':' + std::to_string(read.at) + '+' +
            std::to_string(read.count);
  }
  return text;
}

std::string planned(const std::vector<Point>& points, const ReadLimits& with,
                    const WireCost& cost = slow_line) {
  return shape(plan_reads(points, {}, with, cost));
}

}  // namespace

TEST_CASE("neighbours come in one request") {
  CHECK(planned(registers_at({0, 1, 2, 3}), limits(50, 0)) == "3:0+4");
  CHECK(planned(registers_at({0, 2, 4}, Type::f32), limits(50, 0)) == "3:0+6");
}

TEST_CASE("the order of the points does not matter") {
  CHECK(planned(registers_at({4, 0, 2}, Type::f32), limits(50, 0)) == "3:0+6");
}

TEST_CASE("a gap is run over only as far as the limit allows") {
  CHECK(planned(registers_at({0, 3}), limits(50, 0)) == "3:0+1 3:3+1");
  CHECK(planned(registers_at({0, 3}), limits(50, 1)) == "3:0+1 3:3+1");
  CHECK(planned(registers_at({0, 3}), limits(50, 2)) == "3:0+4");
}

TEST_CASE("a gap is not run over where two requests are cheaper") {
  // A request costs 8.6 ms + 13 bytes = 22.2 ms; a register 2.1 ms: eleven cost more.
  CHECK(planned(registers_at({0, 11}), limits(50, 20)) == "3:0+12");
  CHECK(planned(registers_at({0, 12}), limits(50, 20)) == "3:0+1 3:12+1");
  const WireCost network{nanoseconds(80), milliseconds(1), 12, 9};
  CHECK(planned(registers_at({0, 12}), limits(50, 20), network) == "3:0+13");
}

TEST_CASE("no request is longer than the limit, and blocks are cut where it costs least") {
  CHECK(planned(registers_at({0, 1, 2, 3, 4, 5}), limits(4, 0)).size() == std::string("3:0+2 3:2+4").size());
  CHECK(planned(registers_at({0, 1, 9, 10, 11}), limits(4, 8)) == "3:0+2 3:9+3");
}

TEST_CASE("a point longer than the limit is asked for alone, as far as the standard allows") {
  const std::vector<Point> points = {make_text_point("name", 0, 60), make_point("p", 60, Type::u16)};
  CHECK(planned(points, limits(50, 0)) == "3:0+60 3:60+1");
  CHECK(readable(make_text_point("name", 0, 125)));
  const std::vector<Point> too_long = {make_text_point("name", 0, 126)};
  CHECK_FALSE(readable(too_long.front()));
  CHECK_THROWS_AS(plan_reads(too_long, {}, limits(50, 0), slow_line), std::invalid_argument);
}

TEST_CASE("a point beyond the last address, or a fraction too far from its value, is not readable") {
  CHECK(readable(make_point("p", 65534, Type::u32)));
  CHECK_FALSE(readable(make_point("p", 65535, Type::u32)));
  Point point = make_point("p", 0, Type::u32);
  point.plus = Plus{123, Type::f32};
  CHECK(readable(point));
  point.plus = Plus{124, Type::f32};
  CHECK_FALSE(readable(point));
}

TEST_CASE("value and fraction are never in two requests") {
  Point point = make_point("volume_forward", 8, Type::s32);
  point.plus = Plus{20, Type::f32};
  CHECK(planned({point}, limits(4, 0)) == "3:8+14");
  point.plus = Plus{0, Type::f32};
  CHECK(planned({point}, limits(50, 0)) == "3:0+10");
}

TEST_CASE("a scale register may come in another request, and then its points are listed in both") {
  std::vector<Point> points = registers_at({1099, 1100});
  for (auto& point : points) point.scale_at = 3208;
  points.push_back(make_point("frequency", 3209, Type::u16));
  const ReadPlan plan = plan_reads(points, {}, limits(50, 0), slow_line);
  REQUIRE(shape(plan) == "3:1099+2 3:3208+2");
  CHECK(plan.reads[0].points == std::vector<std::uint16_t>{0, 1});
  CHECK(plan.reads[1].points == std::vector<std::uint16_t>{0, 1, 2});
}

TEST_CASE("points of different functions never share a request") {
  std::vector<Point> points = registers_at({0, 1});
  points[1].function = Function::read_input_registers;
  CHECK(planned(points, limits(50, 10)) == "3:0+1 4:1+1");
}

TEST_CASE("coils are limited by the standard alone and not aligned") {
  std::vector<Point> points = registers_at({1, 5, 2001});
  for (auto& point : points) point.function = Function::read_coils;
  CHECK(planned(points, limits(4, 2000, 2)) == "1:1+5 1:2001+1");
  CHECK(wire_time({Function::read_coils, 0, 9, {}}, {milliseconds(1), milliseconds(0), 8, 5}) ==
        milliseconds(15));
}

TEST_CASE("start and count are multiples of the alignment") {
  CHECK(planned(registers_at({1, 2, 3}), limits(50, 0, 2)) == "3:0+4");
  CHECK(planned(registers_at({0, 2}), limits(50, 0, 2)) == "3:0+4");  // 1 comes with 0 anyway: no gap
  CHECK(planned(registers_at({0, 4}), limits(50, 0, 2)) == "3:0+2 3:4+2");
  CHECK(planned(registers_at({65535}), limits(50, 0, 2)) == "3:65534+2");
}

TEST_CASE("single: one point a request, without tearing a value of several registers apart") {
  CHECK(planned(registers_at({0, 1, 2}), limits(50, 10, 1, true)) == "3:0+1 3:1+1 3:2+1");
  CHECK(planned(registers_at({0, 2}, Type::f32), limits(50, 10, 1, true)) == "3:0+2 3:2+2");
}

TEST_CASE("two points of the same register are one read, also with single") {
  const ReadPlan plan = plan_reads(registers_at({5, 5}), {}, limits(50, 0, 1, true), slow_line);
  CHECK(shape(plan) == "3:5+1");
  CHECK(plan.reads[0].points == std::vector<std::uint16_t>{0, 1});
}

TEST_CASE("only wanted points are planned") {
  const auto points = registers_at({0, 1, 10});
  const ReadPlan plan = plan_reads(points, {true, false, true}, limits(50, 0), slow_line);
  CHECK(shape(plan) == "3:0+1 3:10+1");
  CHECK(plan.reads[1].points == std::vector<std::uint16_t>{2});
  CHECK(plan_reads(points, {false, false, false}, limits(50, 0), slow_line).reads.empty());
  CHECK(plan_reads({}, {}, limits(50, 0), slow_line).reads.empty());
}

TEST_CASE("wire time is turnaround and silence plus all bytes of request and reply") {
  const auto points = registers_at({0, 2, 4}, Type::f32);
  const ReadPlan plan = plan_reads(points, {}, limits(50, 0), slow_line);
  CHECK(plan.wire_time == slow_line.per_request + (8 + 5 + 12) * slow_line.per_byte);
}

TEST_CASE("splitting a read gives its parts in two halves, down to single ones") {
  const auto points = registers_at({0, 1, 2, 6});
  const ReadPlan plan = plan_reads(points, {}, limits(50, 5), slow_line);
  REQUIRE(shape(plan) == "3:0+7");
  CHECK(has_gap(plan.reads[0], points, limits(50, 5)));
  const auto halves = split_read(plan.reads[0], points, limits(50, 5), slow_line);
  REQUIRE(halves.size() == 2);
  CHECK(halves[0] == PlannedRead{Function::read_holding_registers, 0, 2, {0, 1}});
  CHECK(halves[1] == PlannedRead{Function::read_holding_registers, 2, 5, {2, 3}});
  CHECK_FALSE(has_gap(halves[0], points, limits(50, 5)));
  CHECK(has_gap(halves[1], points, limits(50, 5)));
  const auto quarters = split_read(halves[0], points, limits(50, 5), slow_line);
  REQUIRE(quarters.size() == 2);
  CHECK(quarters[1] == PlannedRead{Function::read_holding_registers, 1, 1, {1}});
  CHECK(split_read(quarters[1], points, limits(50, 5), slow_line).empty());
}

TEST_CASE("a point inside another point's registers can be split from it") {
  const std::vector<Point> points = {make_point("whole", 0, Type::u32), make_point("low", 1, Type::u16)};
  const ReadPlan plan = plan_reads(points, {}, limits(50, 0), slow_line);
  REQUIRE(shape(plan) == "3:0+2");
  const auto halves = split_read(plan.reads[0], points, limits(50, 0), slow_line);
  REQUIRE(halves.size() == 2);
  CHECK(halves[0] == PlannedRead{Function::read_holding_registers, 0, 2, {0}});
  CHECK(halves[1] == PlannedRead{Function::read_holding_registers, 1, 1, {1}});
}

namespace {

struct Case {
  std::vector<Point> points;
  ReadLimits limits;
  WireCost cost;
};

std::vector<Span> parts(const Case& one, Function function) {
  std::set<Span> all;
  for (const auto& point : one.points) {
    if (point.function != function) continue;
    all.insert(value_span(point));
    if (const auto scale = scale_span(point)) all.insert(*scale);
  }
  return {all.begin(), all.end()};
}

Span aligned(Span span, const ReadLimits& with) {
  const std::uint32_t align = with.align;
  return {span.begin / align * align, (span.end + align - 1) / align * align};
}

// The request for a group of parts, if the limits allow it.
std::optional<PlannedRead> request(const std::vector<Span>& group, const std::vector<Span>& all,
                                   const Case& one, Function function) {
  Span whole = aligned(group.front(), one.limits);
  bool alone = false;  // one part fills the request
  for (const auto& part : group) {
    whole.begin = std::min(whole.begin, aligned(part, one.limits).begin);
    whole.end = std::max(whole.end, aligned(part, one.limits).end);
  }
  for (const auto& part : group) alone = alone || aligned(part, one.limits) == whole;
  if (!alone && (one.limits.single || whole.end - whole.begin > one.limits.max_registers))
    return std::nullopt;
  std::uint32_t unwanted = 0;
  for (auto at = whole.begin; at < whole.end; ++at) {
    const bool wanted = std::any_of(all.begin(), all.end(), [&](const Span& part) {
      const Span wide = aligned(part, one.limits);
      return wide.begin <= at && at < wide.end;
    });
    unwanted = wanted ? 0 : unwanted + 1;
    if (unwanted > one.limits.max_gap) return std::nullopt;
  }
  return PlannedRead{function,
                     static_cast<std::uint16_t>(whole.begin),
                     static_cast<std::uint16_t>(whole.end - whole.begin),
                     {}};
}

// The least wire time over all ways to group the parts from `next` on.
std::optional<nanoseconds> least(const std::vector<Span>& all, std::size_t next,
                                 std::vector<std::vector<Span>>& groups, const Case& one, Function function) {
  if (next == all.size()) {
    nanoseconds total{0};
    for (const auto& group : groups) {
      const auto read = request(group, all, one, function);
      if (!read) return std::nullopt;
      total += wire_time(*read, one.cost);
    }
    return total;
  }
  std::optional<nanoseconds> best;
  const auto consider = [&] {
    const auto total = least(all, next + 1, groups, one, function);
    if (total && (!best || *total < *best)) best = total;
  };
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i].push_back(all[next]);
    consider();
    groups[i].pop_back();
  }
  groups.push_back({all[next]});
  consider();
  groups.pop_back();
  return best;
}

Case random_case(std::mt19937& random, std::size_t most_points, std::uint16_t address_range) {
  const auto below = [&](int n) { return static_cast<std::uint16_t>(random() % static_cast<unsigned>(n)); };
  Case one;
  const Type types[] = {Type::u16, Type::u16, Type::f32, Type::f32, Type::f64, Type::s32};
  const std::size_t count = 1 + below(static_cast<int>(most_points));
  for (std::size_t i = 0; i < count; ++i) {
    Point point = make_point("p" + std::to_string(i), below(address_range), types[below(6)]);
    if (below(6) == 0) point.scale_at = below(address_range);
    if (below(8) == 0) {
      point.plus = Plus{static_cast<std::uint16_t>(point.at + point.registers + below(3)), Type::f32};
    }
    if (below(8) == 0) point.function = Function::read_input_registers;
    one.points.push_back(point);
  }
  one.limits =
      limits(static_cast<std::uint16_t>(1 + below(14)), below(5), below(3) == 0 ? 2 : 1, below(10) == 0);
  one.cost = {nanoseconds(1'000 + below(2'000)), nanoseconds(below(30'000)), 8, 5};
  return one;
}

nanoseconds one_request_a_part(const Case& one) {
  nanoseconds total{0};
  for (const auto& point : one.points) {
    const Span value = aligned(value_span(point), one.limits);
    total +=
        wire_time({point.function, 0, static_cast<std::uint16_t>(value.end - value.begin), {}}, one.cost);
    if (point.scale_at) total += wire_time({point.function, 0, one.limits.align, {}}, one.cost);
  }
  return total;
}

void check_promises(const Case& one, const ReadPlan& plan) {
  for (std::size_t i = 0; i < one.points.size(); ++i) {
    const auto served = [&](Span part) {
      return std::any_of(plan.reads.begin(), plan.reads.end(), [&](const PlannedRead& read) {
        return read.function == one.points[i].function && span_of(read).holds(part) &&
               std::find(read.points.begin(), read.points.end(), i) != read.points.end();
      });
    };
    REQUIRE(served(value_span(one.points[i])));
    if (const auto scale = scale_span(one.points[i])) REQUIRE(served(*scale));
  }
  nanoseconds total{0};
  for (const auto& read : plan.reads) {
    // The same check as brute force uses: limits, alignment, and no unwanted register beyond the gaps.
    const auto all = parts(one, read.function);
    std::vector<Span> inside;
    for (const auto& part : all) {
      if (span_of(read).holds(part)) inside.push_back(part);
    }
    REQUIRE_FALSE(inside.empty());
    auto expected = request(inside, all, one, read.function);
    REQUIRE(expected);
    REQUIRE(span_of(read) == span_of(*expected));
    REQUIRE_FALSE(read.points.empty());
    REQUIRE(std::is_sorted(read.points.begin(), read.points.end()));
    total += wire_time(read, one.cost);
  }
  REQUIRE(plan.wire_time == total);
  REQUIRE(plan.wire_time <= one_request_a_part(one));
}

}  // namespace

TEST_CASE("no way of grouping takes less wire time than the plan, and the plan keeps its promises") {
  std::mt19937 random(1);
  for (int run = 0; run < 3000; ++run) {
    const Case one = random_case(random, 5, 24);
    const ReadPlan plan = plan_reads(one.points, {}, one.limits, one.cost);
    CAPTURE(run, shape(plan));
    check_promises(one, plan);
    nanoseconds best{0};
    for (const auto function : {Function::read_holding_registers, Function::read_input_registers}) {
      std::vector<std::vector<Span>> groups;
      const auto least_time = least(parts(one, function), 0, groups, one, function);
      REQUIRE(least_time);
      best += *least_time;
    }
    REQUIRE(plan.wire_time == best);
  }
}

TEST_CASE("the plan keeps its promises for large meters") {
  std::mt19937 random(2);
  for (int run = 0; run < 300; ++run) {
    Case one = random_case(random, 120, 400);
    one.limits.max_registers = static_cast<std::uint16_t>(10 + random() % 116);
    check_promises(one, plan_reads(one.points, {}, one.limits, one.cost));
  }
}

TEST_CASE("splitting again and again reaches every part of every point") {
  std::mt19937 random(3);
  for (int run = 0; run < 500; ++run) {
    const Case one = random_case(random, 12, 40);
    auto reads = plan_reads(one.points, {}, one.limits, one.cost).reads;
    std::set<std::pair<std::uint16_t, Span>> singled;
    for (std::size_t i = 0; i < reads.size(); ++i) {
      REQUIRE(reads.size() < 10'000);
      const PlannedRead read = reads[i];
      const auto halves = split_read(read, one.points, one.limits, one.cost);
      reads.insert(reads.end(), halves.begin(), halves.end());
      if (!halves.empty()) continue;
      for (const auto point : read.points) {
        if (span_of(read).holds(value_span(one.points[point])))
          singled.insert({point, value_span(one.points[point])});
      }
    }
    for (std::size_t i = 0; i < one.points.size(); ++i) {
      REQUIRE(singled.count({static_cast<std::uint16_t>(i), value_span(one.points[i])}) == 1);
    }
  }
}
