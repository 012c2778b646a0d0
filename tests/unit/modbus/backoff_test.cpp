// When a lost port is tried again.
#include "drivers/modbus/backoff.hpp"

#include "tests/support/catch.hpp"

using congto::BootTime;
using congto::modbus::Backoff;
using namespace std::chrono_literals;

TEST_CASE("the waits double from 1 s to 30 s") {
  Backoff backoff;
  BootTime now{100s};
  CHECK(backoff.may_try(now));
  for (const auto wait : {1s, 2s, 4s, 8s, 16s, 30s, 30s}) {
    backoff.failed(now);
    CHECK_FALSE(backoff.may_try(now + wait - 1us));
    CHECK(backoff.may_try(now + wait));
    now += wait;
  }
}

TEST_CASE("an answer starts the waits anew") {
  Backoff backoff;
  const BootTime now{100s};
  backoff.failed(now);
  backoff.failed(now);
  backoff.reset();
  CHECK(backoff.may_try(now));
  backoff.failed(now);
  CHECK(backoff.next() == now + 1s);
}
