// The pauses between attempts to connect.
#include "agent/mqtt/backoff.hpp"

#include <chrono>

#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using congto::mqtt::Backoff;

TEST_CASE("pauses double from the first to the last") {
  Backoff backoff(1s, 60s);
  for (const auto expected : {1s, 2s, 4s, 8s, 16s, 32s, 60s, 60s, 60s})
    CHECK(backoff.after_failure(1.0) == expected);
}

TEST_CASE("the random number places a pause in its upper half") {
  Backoff low(10s, 60s), middle(10s, 60s);
  CHECK(low.after_failure(0.0) == 5s);
  CHECK(middle.after_failure(0.5) == 7500ms);
}

TEST_CASE("a connection that held makes the next pause short again") {
  Backoff backoff(1s, 60s);
  for (int failure = 0; failure < 6; ++failure) backoff.after_failure(1.0);
  backoff.reset();
  CHECK(backoff.after_failure(1.0) == 1s);
}

TEST_CASE("after a session that was taken over the pause is at least a minute, at any point of the growth") {
  Backoff backoff(1s, 60s);
  CHECK(backoff.after_taken_over(60s, 0.0) == 60s);
  CHECK(backoff.after_taken_over(60s, 1.0) == 120s);
  backoff.reset();
  CHECK(backoff.after_taken_over(60s, 0.0) == 60s);
}
