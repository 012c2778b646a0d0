// Back-off of silent units: growing, capped, forgotten at the first answer; noise is borne twice.
#include "agent/poll/unit_health.hpp"

#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using congto::BootTime;
using congto::modbus::Failure;
using congto::modbus::FailureKind;
using congto::poll::UnitHealth;

namespace {

Failure failure(FailureKind kind) { return {kind, 0, ""}; }
const BootTime start{1000s};

}  // namespace

TEST_CASE("a silent unit is left alone for twice as long each time, at most a minute") {
  UnitHealth health(1s, 60s);
  BootTime now = start;
  for (const auto expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s}) {
    health.failed(failure(FailureKind::timeout), now);
    CHECK(health.retry_at() - now == expected);
    CHECK(!health.ready(now + expected - 1us));
    CHECK(health.ready(now + expected));
    now += expected;
  }
}

TEST_CASE("one answer ends the back-off") {
  UnitHealth health(1s, 60s);
  health.failed(failure(FailureKind::timeout), start);
  health.failed(failure(FailureKind::timeout), start);
  health.answered();
  CHECK(health.ready(start));
  CHECK(health.healthy());
  health.failed(failure(FailureKind::timeout), start);
  CHECK(health.retry_at() - start == 1s);
}

TEST_CASE("two damaged replies are noise, the third begins a back-off") {
  UnitHealth health(1s, 60s);
  health.failed(failure(FailureKind::crc), start);
  CHECK(health.ready(start));
  health.failed(failure(FailureKind::bad_reply), start);
  CHECK(health.ready(start));
  CHECK(!health.healthy());
  health.failed(failure(FailureKind::crc), start);
  CHECK(!health.ready(start));
}

TEST_CASE("what failed last is kept for status") {
  UnitHealth health(1s, 60s);
  health.failed({FailureKind::exception, 4, "device failure"}, start);
  CHECK(health.last_failure() == "exception-4: device failure");
}
