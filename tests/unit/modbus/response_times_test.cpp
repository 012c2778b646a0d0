// The timeout learned from a unit's replies.
#include "drivers/modbus/response_times.hpp"

#include "tests/support/catch.hpp"

using congto::modbus::ResponseTimes;
using namespace std::chrono_literals;

namespace {

ResponseTimes after(int replies, std::chrono::microseconds took) {
  ResponseTimes times;
  for (int i = 0; i < replies; ++i) times.add(took);
  return times;
}

}  // namespace

TEST_CASE("the limit is the timeout until 20 replies are known") {
  CHECK(after(0, 0us).timeout(1s) == 1000ms);
  CHECK(after(19, 150ms).timeout(1s) == 1000ms);
  CHECK(after(20, 150ms).timeout(1s) == 450ms);
}

TEST_CASE("the timeout is three times the 99th percentile, not below 300 ms, not above the limit") {
  CHECK(after(100, 10ms).timeout(1s) == 300ms);
  CHECK(after(100, 100ms).timeout(1s) == 300ms);
  CHECK(after(100, 100'001us).timeout(1s) == 301ms);
  CHECK(after(100, 900ms).timeout(1s) == 1000ms);
  CHECK(after(100, 10ms).timeout(200ms) == 200ms);
}

TEST_CASE("the 99th percentile leaves the slowest of 100 replies out, of fewer none") {
  auto times = after(99, 10ms);
  times.add(800ms);
  CHECK(times.p99() == 10ms);
  times.add(700ms);
  CHECK(times.p99() == 700ms);
  auto few = after(19, 10ms);
  few.add(800ms);
  CHECK(few.p99() == 800ms);
  CHECK(ResponseTimes().p99() == 0us);
}

TEST_CASE("only the last 100 replies count") {
  auto times = after(100, 800ms);
  for (int i = 0; i < 99; ++i) times.add(10ms);
  CHECK(times.p99() == 10ms);
  times.add(10ms);
  CHECK(times.count() == 100);
  CHECK(times.timeout(1s) == 300ms);
}

TEST_CASE("impossible times do no harm") {
  ResponseTimes times;
  times.add(-5us);
  CHECK(times.p99() == 0us);
  times.add(24h);
  CHECK(times.p99() > 1h);
}
